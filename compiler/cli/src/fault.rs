//! Our own faults: work runs on a thread with a large stack, and a panic there becomes exit code 70.

use std::panic::PanicHookInfo;
use std::thread;

use aipc_project::STACK_BYTES;
use aipc_project::outcome::Outcome;
use aipc_project::report::escape::visible;

/// From here on, a panic is reported on one page.
pub fn report_panics() {
    std::panic::set_hook(Box::new(print_page));
}

/// Runs `work` and gives its outcome; a panic gives [`Outcome::Fault`].
pub fn contain(work: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
    let worker = thread::Builder::new().name("aipc".to_string()).stack_size(STACK_BYTES).spawn(work);
    match worker {
        // The hook has spoken by the time that a failed thread is joined.
        Ok(worker) => worker.join().unwrap_or(Outcome::Fault),
        Err(error) => {
            anstream::eprintln!("error: no thread could be started: {error}");
            Outcome::Fault
        }
    }
}

fn print_page(panic: &PanicHookInfo<'_>) {
    let payload = panic.payload();
    let message = payload
        .downcast_ref::<&str>()
        .map(|it| (*it).to_string())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_string());
    let place = panic.location().map_or_else(String::new, |it| format!("{}:{}", it.file(), it.line()));
    let page = format!(
        "\nerror: aipc has a fault, and stopped\n\n  \
           what    {}\n  \
           where   {place}\n  \
           version {}\n\n\
         This is not your policy's or your manifest's fault, and no verdict was reached: exit code 70.\n\
         Please report the lines above, with the command and, if you may share it, the smallest input that\n\
         shows it. Set RUST_BACKTRACE=1 for a trace.\n",
        visible(&message),
        env!("CARGO_PKG_VERSION"),
    );
    use std::io::Write;
    // A closed stderr must not become a second panic.
    let _ = std::io::stderr().write_all(page.as_bytes());
    if std::env::var_os("RUST_BACKTRACE").is_some_and(|it| it != "0") {
        let trace = std::backtrace::Backtrace::force_capture();
        let _ = writeln!(std::io::stderr(), "\n{trace}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_fault_and_not_a_crash() {
        assert_eq!(contain(|| panic!("on purpose")), Outcome::Fault);
        assert_eq!(contain(|| Outcome::Denied), Outcome::Denied);
    }
}
