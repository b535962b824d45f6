//! Random sources from seeds: any item of the grammar, with random white space and comments.

use crate::syntax::token::Keyword;

/// A small generator of numbers (xorshift64*), the same on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit.max(1)
    }
}

/// A source without syntax errors.
pub fn source(seed: u64) -> String {
    let mut g = Generator { random: Random::new(seed), tokens: vec![], item_start: 0, depth: 0 };
    for _ in 0..=g.random.below(5) {
        g.item();
    }
    g.text()
}

/// Tokens in the making. `Glue` keeps its neighbours together.
enum Piece {
    Word(String),
    Glue,
}

struct Generator {
    random: Random,
    tokens: Vec<Piece>,
    /// Where the tokens of this item begin: a long item gets no deeper.
    item_start: usize,
    depth: usize,
}

const NAMES: &[&str] =
    &["a", "spec", "use-case", "x1", "pod", "container", "kind", "severity", "only", "missing", "Pod"];
const STRINGS: &[&str] = &[
    "\"\"",
    "\"a\"",
    "\"ä {a.b} {f(\"x\")}\"",
    "r\"\\d\"",
    "r#\"a\"b\"#",
    "\"\"\"x\"\"\"",
    "\"\"\"\n    a\n    \"\"\"",
    "\"\\n\\u{202e}{{\"",
    "\"a very long string that alone fills more than half of a line of the canonical form\"",
];
const CONSTANTS: &[&str] = &["\"\"", "\"a title\"", "r\"raw\"", "\"\\{\""];

impl Generator {
    fn chance(&mut self, percent: usize) -> bool {
        self.random.below(100) < percent
    }

    fn word(&mut self, word: &str) {
        self.tokens.push(Piece::Word(word.to_string()));
    }

    fn words(&mut self, words: &str) {
        words.split(' ').for_each(|word| self.word(word));
    }

    fn glue(&mut self) {
        self.tokens.push(Piece::Glue);
    }

    fn pick(&mut self, words: &[&str]) {
        let at = self.random.below(words.len());
        self.word(words[at]);
    }

    fn name(&mut self) {
        self.pick(NAMES);
    }

    fn constant(&mut self) {
        self.pick(CONSTANTS);
    }

    fn list(&mut self, at_least: usize, mut item: impl FnMut(&mut Generator)) {
        let count = at_least + self.random.below(3);
        for i in 0..count {
            if i > 0 {
                self.word(",");
            }
            item(self);
        }
    }

    fn kind(&mut self) {
        self.name();
        if self.chance(10) {
            self.glue();
            self.word("/");
            self.glue();
            self.word("status");
        }
    }

    fn subject(&mut self) {
        self.list(1, |g| {
            // `only` behind a kind is the word.
            g.pick(&["pod", "Pod", "Deployment", "container"]);
            if g.chance(10) {
                g.word("only");
            }
        });
    }

    fn path(&mut self) {
        self.pick(&["a", "spec", "label"]);
        for _ in 0..self.random.below(3) {
            self.glue();
            if self.chance(80) {
                self.word(".");
                self.glue();
                self.field();
            } else {
                self.word("[");
                self.expr();
                self.word("]");
            }
        }
    }

    fn field(&mut self) {
        if self.chance(20) {
            let at = self.random.below(Keyword::RESERVED.len());
            self.word(Keyword::RESERVED[at].as_str());
        } else {
            self.pick(&["a", "name", "use-case", "x1"]);
        }
    }

    /// How deep the expressions to come may still be; large when they must end.
    fn depth(&self) -> usize {
        let long = self.tokens.len() - self.item_start > 150;
        if long { 9 } else { self.depth }
    }

    fn item(&mut self) {
        self.item_start = self.tokens.len();
        match self.random.below(12) {
            0 => {
                self.word("kind");
                self.name();
                self.word("=");
                self.constant();
                if self.chance(30) {
                    self.word("untyped");
                }
            }
            1 => {
                self.word("refine");
                self.path();
                self.word("as");
                self.ty();
            }
            2 => self.binding(),
            3 => {
                self.word("view");
                self.name();
                self.word("of");
                self.list(1, Generator::kind);
                self.word("=");
                self.list(1, |g| g.path());
            }
            4 => {
                self.word("fn");
                self.name();
                self.params();
                self.word("=");
                self.expr();
            }
            5 => {
                self.word("policy");
                self.title();
                if self.chance(20) {
                    self.params();
                }
                if self.chance(50) {
                    self.constant();
                }
                self.scope();
                self.word("{");
                self.meta();
                for _ in 0..self.random.below(4) {
                    if self.chance(20) { self.binding() } else { self.rule() }
                }
                self.word("}");
            }
            6 => {
                self.word("policy");
                self.title();
                self.word("=");
                self.name();
                self.args();
                if self.chance(50) {
                    self.word("{");
                    self.meta();
                    self.word("}");
                }
            }
            7 => {
                self.word("exempt");
                self.list(1, |g| if g.chance(70) { g.name() } else { g.constant() });
                if self.chance(50) {
                    self.trigger();
                }
                if self.chance(50) {
                    self.words("until 2027-01-31");
                }
                self.word("because");
                self.constant();
            }
            8 => {
                self.word("test");
                self.constant();
                self.word("{");
                for _ in 0..self.random.below(4) {
                    self.step();
                }
                self.word("}");
            }
            _ => self.rule(),
        }
    }

    fn binding(&mut self) {
        self.word("let");
        self.name();
        self.word("=");
        self.expr();
    }

    fn title(&mut self) {
        if self.chance(80) { self.name() } else { self.constant() }
    }

    fn ty(&mut self) {
        match self.random.below(4) {
            0 => self.words("list of string"),
            1 => {
                self.word("string");
                self.word("?");
            }
            _ => self.word("Container"),
        }
    }

    fn params(&mut self) {
        self.glue();
        self.word("(");
        self.list(0, |g| {
            g.name();
            g.word(":");
            g.ty();
            if g.chance(30) {
                g.word("=");
                g.expr();
            }
        });
        self.word(")");
    }

    fn meta(&mut self) {
        for _ in 0..self.random.below(4) {
            match self.random.below(5) {
                0 => self.words("severity high"),
                1 => {
                    self.word("category");
                    self.constant();
                }
                2 => {
                    self.word("control");
                    self.list(1, |g| {
                        g.name();
                        g.constant();
                    });
                }
                3 => self.action(),
                _ => self.settings(),
            }
        }
    }

    fn action(&mut self) {
        self.words("action enforce , warn");
        if self.chance(30) {
            self.word("where");
            self.expr();
        }
    }

    fn settings(&mut self) {
        self.word("settings");
        self.object();
    }

    fn scope(&mut self) {
        if self.chance(30) {
            self.words("on create , delete");
        }
        for _ in 0..self.random.below(3) {
            if self.chance(60) {
                self.word("where");
                self.expr();
            } else {
                self.word("with");
                self.name();
                self.word("=");
                self.expr();
            }
        }
    }

    fn trigger(&mut self) {
        self.word("for");
        self.subject();
        self.scope();
    }

    fn tail(&mut self) {
        if self.chance(40) {
            self.word("message");
            self.pick(STRINGS);
        }
        if self.chance(20) {
            self.action();
        }
        if self.chance(20) {
            self.settings();
        }
    }

    fn rule(&mut self) {
        if self.chance(30) {
            self.word("rule");
            self.title();
            self.word(":");
        }
        match self.random.below(9) {
            0 | 1 => {
                self.word("require");
                self.subject();
                self.scope();
                self.word("that");
                self.expr();
                self.tail();
            }
            2 => {
                self.word("mutate");
                self.subject();
                self.scope();
                if self.chance(20) {
                    self.trigger();
                }
                if self.chance(20) {
                    self.settings();
                }
                self.edits(2);
            }
            3 => {
                self.words("generate NetworkPolicy");
                self.pick(STRINGS);
                if self.chance(50) {
                    self.word("in");
                    self.path();
                }
                if self.chance(50) {
                    self.trigger();
                }
                if self.chance(30) {
                    self.words("each x in");
                    self.path();
                }
                self.object();
            }
            4 => {
                self.words("generate copy of Secret , ConfigMap");
                if self.chance(50) {
                    self.pick(STRINGS);
                }
                if self.chance(50) {
                    self.word("in");
                    self.pick(STRINGS);
                }
                if self.chance(50) {
                    self.word("where");
                    self.expr();
                }
                self.word("into");
                self.path();
                if self.chance(30) {
                    self.word("as");
                    self.path();
                }
                self.trigger();
            }
            5 => {
                self.word("verify");
                self.subject();
                self.scope();
                for _ in 0..=self.random.below(2) {
                    match self.random.below(3) {
                        0 => {
                            self.words("signed by");
                            if self.chance(30) {
                                self.words("2 of");
                            }
                            self.expr();
                        }
                        1 => {
                            self.word("attested");
                            self.constant();
                            self.word("by");
                            self.path();
                            if self.chance(50) {
                                self.word("that");
                                self.expr();
                            }
                        }
                        _ => {
                            self.word("ignoring");
                            self.list(1, |g| g.path());
                        }
                    }
                }
                self.tail();
            }
            6 => {
                self.word("delete");
                self.subject();
                self.scope();
                if self.chance(50) {
                    self.word("if");
                    self.expr();
                }
                self.word("every");
                self.pick(&["10min", "\"0 * * * *\""]);
            }
            _ => {
                self.word("deny");
                self.subject();
                self.scope();
                if self.chance(80) {
                    self.word("if");
                    self.expr();
                }
                self.tail();
            }
        }
    }

    fn edits(&mut self, depth: usize) {
        self.word("{");
        for _ in 0..self.random.below(4) {
            match self.random.below(if depth == 0 { 5 } else { 7 }) {
                0 => {
                    self.word("remove");
                    self.path();
                }
                1 => self.binding(),
                2 => {
                    self.word("kyverno.merge");
                    self.args();
                }
                3 | 4 => {
                    self.pick(&["set", "default", "append", "prepend"]);
                    self.path();
                    self.word("=");
                    self.expr();
                }
                5 => {
                    self.word("for");
                    self.binder();
                    self.word("in");
                    self.path();
                    if self.chance(50) {
                        self.word("where");
                        self.expr();
                    }
                    self.edits(depth - 1);
                }
                _ => {
                    self.word("if");
                    self.expr();
                    self.edits(depth - 1);
                }
            }
        }
        self.word("}");
    }

    fn step(&mut self) {
        match self.random.below(4) {
            0 => self.binding(),
            1 => {
                self.word("given");
                if self.chance(50) {
                    self.constant();
                } else if self.chance(30) {
                    self.words("now 2027-01-31");
                } else {
                    self.name();
                    self.object();
                }
            }
            _ => {
                self.word("expect");
                let verdict = self.chance(60);
                if verdict {
                    self.pick(&["deny", "allow", "skip", "delete", "keep"]);
                }
                if self.chance(20) {
                    self.words("on update");
                }
                self.pick(&["Pod", "Deployment"]);
                self.document();
                if self.chance(20) {
                    self.word("from");
                    self.document();
                }
                if verdict {
                    if self.chance(40) {
                        self.words("by p.r");
                    }
                    if self.chance(40) {
                        self.word("message");
                        self.constant();
                    }
                } else if self.chance(50) {
                    self.word("becomes");
                    self.document();
                } else if self.chance(50) {
                    self.words("mutates Secret");
                    self.document();
                } else {
                    self.words("generates Secret");
                    self.document();
                }
            }
        }
    }

    fn document(&mut self) {
        if self.chance(50) { self.constant() } else { self.object() }
    }

    fn binder(&mut self) {
        self.pick(&["x", "k"]);
        if self.chance(20) {
            self.words(", v");
        }
    }

    fn args(&mut self) {
        self.glue();
        self.word("(");
        self.list(0, |g| {
            if g.chance(20) {
                g.field();
                g.word(":");
            }
            g.expr();
        });
        self.word(")");
    }

    fn object(&mut self) {
        self.word("{");
        self.depth += 1;
        self.list(0, Generator::entry);
        self.depth -= 1;
        self.word("}");
    }

    fn entry(&mut self) {
        match self.random.below(4) {
            0 => self.pick(STRINGS),
            1 => self.word("8080"),
            _ => self.field(),
        }
        self.word(":");
        self.expr();
    }

    /// Any expression; `any`, `every` and `if` only where nothing of it follows.
    fn expr(&mut self) {
        self.depth += 1;
        if self.depth() < 5 && self.chance(12) {
            if self.chance(30) {
                self.operand(1);
                self.pick(&["and", "or"]);
                if self.chance(20) {
                    self.word("not");
                }
            }
            if self.chance(60) {
                self.pick(&["any", "every"]);
                self.binder();
                self.word("in");
                self.path();
                self.word(":");
                self.expr();
            } else {
                self.word("if");
                self.expr();
                self.word("then");
                self.expr();
                self.word("else");
                self.expr();
            }
        } else {
            self.operand(0);
        }
        self.depth -= 1;
    }

    /// An operand of an operator of this level: 0 `or`, 1 `and`, 2 `not`, 3 comparison, 4 `..`, 5 `??`,
    /// 6 sum, 7 product, 8 prefix, 9 postfix.
    fn operand(&mut self, level: usize) {
        let goes_on = self.depth() < 6 && self.chance(22);
        match level {
            0 => {
                self.operand(1);
                for _ in 0..if goes_on { 1 + self.random.below(4) } else { 0 } {
                    self.word("or");
                    self.operand(1);
                }
            }
            1 => {
                self.operand(2);
                for _ in 0..if goes_on { 1 + self.random.below(4) } else { 0 } {
                    self.word("and");
                    self.operand(2);
                }
            }
            2 => {
                if goes_on {
                    self.word("not");
                }
                self.operand(3);
            }
            3 => {
                self.operand(4);
                if goes_on {
                    let ops = ["==", "!=", "<", "<=", ">", ">=", "~", "!~", "matches", "in"];
                    match self.random.below(4) {
                        0 => self.words("not in"),
                        1 => self.words("not matches"),
                        _ => self.pick(&ops),
                    }
                    self.operand(4);
                    if self.chance(20) {
                        self.words("or missing");
                    }
                }
            }
            4 => {
                self.operand(5);
                if goes_on && self.chance(20) {
                    self.word("..");
                    self.operand(5);
                }
            }
            5 => {
                self.operand(6);
                if goes_on {
                    self.word("??");
                    self.operand(5);
                }
            }
            6 => {
                self.operand(7);
                if goes_on {
                    self.pick(&["+", "-"]);
                    self.operand(7);
                }
            }
            7 => {
                self.operand(8);
                if goes_on {
                    self.pick(&["*", "/"]);
                    self.operand(8);
                }
            }
            8 => {
                if goes_on {
                    self.pick(&["has", "empty", "changed", "try", "-"]);
                }
                self.postfix();
            }
            _ => self.postfix(),
        }
    }

    fn postfix(&mut self) {
        self.primary();
        for _ in 0..self.random.below(3) {
            self.glue();
            match self.random.below(6) {
                0 if self.depth() < 5 => {
                    self.word("[");
                    self.expr();
                    self.word("]");
                }
                1 if self.depth() < 5 => self.args(),
                _ => {
                    self.word(".");
                    self.glue();
                    self.field();
                }
            }
        }
    }

    fn primary(&mut self) {
        let deep = self.depth() >= 5;
        match self.random.below(if deep { 6 } else { 12 }) {
            0 => self.pick(STRINGS),
            1 => self.pick(&[
                "3",
                "1_000",
                "0.25",
                "500m",
                "64Gi",
                "1h30min",
                "50%",
                "2027-01-31",
                "true",
                "false",
            ]),
            2..=5 => self.pick(&["a", "spec", "image", "kind", "missing-not"]),
            6 => {
                self.word("(");
                self.expr();
                self.word(")");
            }
            7 | 8 => {
                self.word("[");
                self.depth += 1;
                if self.chance(20) {
                    self.expr();
                    self.words("for x in a");
                    if self.chance(50) {
                        self.word("where");
                        self.expr();
                    }
                } else {
                    self.list(0, Generator::expr);
                }
                self.depth -= 1;
                self.word("]");
            }
            9 => {
                self.word("{");
                self.depth += 1;
                self.entry();
                self.words("for k , v in a");
                self.depth -= 1;
                self.word("}");
            }
            _ => self.object(),
        }
    }

    /// The tokens with white space and comments between them.
    fn text(mut self) -> String {
        let commented = self.chance(60);
        let wide = self.chance(50);
        let mut out = String::new();
        let mut comments = 0;
        let mut glued = true;
        for piece in std::mem::take(&mut self.tokens) {
            match piece {
                Piece::Glue => glued = true,
                Piece::Word(word) => {
                    if !glued {
                        self.gap(&mut out, commented, wide, &mut comments);
                    }
                    out.push_str(&word);
                    glued = false;
                }
            }
        }
        out
    }

    fn gap(&mut self, out: &mut String, commented: bool, wide: bool, comments: &mut usize) {
        match self.random.below(100) {
            0..=3 if commented => {
                *comments += 1;
                let slashes = if self.chance(15) { "///" } else { "//" };
                let lead = if self.chance(50) { " " } else { "\n" };
                out.push_str(&format!("{lead}{slashes} {comments}\n"));
                if self.chance(20) {
                    out.push('\n');
                }
            }
            0..=8 if wide => out.push('\n'),
            9..=10 if wide => out.push_str("\n\n  "),
            _ => out.push(' '),
        }
    }
}
