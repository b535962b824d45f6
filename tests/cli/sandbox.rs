//! A folder of its own for each test, and runs of the binary in it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that goes away with the test.
pub struct Sandbox {
    pub root: PathBuf,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// Nothing where a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Sandbox {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("aipc-cli-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&root);
        fs::create_dir_all(&root).expect("the temporary folder can be written");
        Sandbox { root }
    }

    /// Writes a file; folders on the way are made.
    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&self.root)).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Every file of the folder, sorted.
    pub fn files(&self) -> Vec<String> {
        fn walk(root: &Path, folder: &Path, out: &mut Vec<String>) {
            for entry in fs::read_dir(folder).expect("the folder can be read") {
                let path = entry.expect("its entries too").path();
                match path.is_dir() {
                    true => walk(root, &path, out),
                    false => out.push(path.strip_prefix(root).unwrap_or(&path).display().to_string()),
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.root, &self.root, &mut out);
        out.sort();
        out
    }

    /// Runs `aipc` with arguments that are parted by spaces.
    pub fn run(&self, arguments: &str) -> Ended {
        self.run_with(&arguments.split_whitespace().collect::<Vec<_>>(), "")
    }

    /// Runs `aipc` with text on stdin.
    pub fn run_with(&self, arguments: &[&str], stdin: &str) -> Ended {
        let mut child = self
            .command()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary was built with the tests");
        let mut pipe = child.stdin.take().expect("stdin is a pipe");
        let text = stdin.to_string();
        let writer = std::thread::spawn(move || {
            // A command that does not read stdin closes it early.
            let _ = pipe.write_all(text.as_bytes());
        });
        let output = child.wait_with_output().expect("the command ends");
        writer.join().expect("the writer ends");
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The binary in this folder, with nothing of the tester's surroundings.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aipc"));
        command.current_dir(&self.root).env_clear();
        command
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
