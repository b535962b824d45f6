//! Generates the parser from `src/syntax/grammar.lalrpop`.

fn main() {
    println!("cargo:rerun-if-changed=src/syntax/grammar.lalrpop");
    let Some(out) = std::env::var_os("OUT_DIR") else {
        println!("cargo:error=OUT_DIR is not set");
        return;
    };
    let mut grammar = lalrpop::Configuration::new();
    grammar.set_in_dir("src/syntax").set_out_dir(out).emit_rerun_directives(false);
    if let Err(error) = grammar.process() {
        println!("cargo:error=the grammar cannot be compiled: {error}");
        std::process::exit(1);
    }
}
