//! The program `flower-host`, run as a user runs it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::{self, JoinHandle};

use super::{Watchdog, engine, places, watchdog};

/// A call of the program.
pub(crate) struct Program {
    command: Command,
    /// What it finds on its stdin.
    input: String,
}

/// What a call left.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it printed.
    pub(crate) stdout: String,
    /// What it printed there.
    pub(crate) stderr: String,
}

/// A call that has not ended.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: JoinHandle<String>,
    _watchdog: Watchdog,
}

impl Program {
    /// The program with nothing of this process's environment but a folder for its cache.
    pub(crate) fn new<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Program {
        Program::other(places::program(), args)
    }

    /// Another program, in the same way.
    pub(crate) fn other<S: AsRef<OsStr>>(program: &Path, args: impl IntoIterator<Item = S>) -> Program {
        let mut command = Command::new(program);
        command.env_clear().env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
        for arg in args {
            command.arg(arg.as_ref());
            if ["run", "compile"].iter().any(|command| *command == arg.as_ref()) {
                command.args(engine::flags());
            }
        }
        Program { command, input: String::new() }
    }

    /// `flower-host run` of a file.
    pub(crate) fn run(flags: &[&str], file: &Path, args: &[&str]) -> Ran {
        Program::of_run(flags, file, args).ran()
    }

    /// The same, not started yet.
    pub(crate) fn of_run(flags: &[&str], file: &Path, args: &[&str]) -> Program {
        let mut program = Program::new(["run"]);
        program.command.args(flags).arg(file).args(args);
        program
    }

    /// Adds an argument.
    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Program {
        self.command.arg(arg);
        self
    }

    /// Sets a variable of its own environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Program {
        self.command.env(name, value);
        self
    }

    /// Gives it something to read.
    pub(crate) fn input(mut self, input: &str) -> Program {
        self.input.push_str(input);
        self
    }

    /// Runs it to its end.
    pub(crate) fn ran(self) -> Ran {
        self.start().ended()
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> Running {
        let watchdog = Watchdog::start();
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the program starts");
        watchdog::child_started(child.id());
        let mut stdin = child.stdin.take().expect("it is piped");
        // Who does not read it may be gone by now.
        let _ = stdin.write_all(self.input.as_bytes());
        drop(stdin);
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut stderr = child.stderr.take().expect("it is piped");
        let stderr = thread::spawn(move || text(&mut stderr));
        Running { child, stdout, stderr, _watchdog: watchdog }
    }
}

impl Running {
    /// Waits for the next line that it prints.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it prints text");
        line.trim_end().to_owned()
    }

    /// Sends it a signal, by the name that `kill` knows.
    pub(crate) fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").arg("-c").arg(command).status().expect("there is a shell");
        assert!(sent.success(), "the signal cannot be sent");
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Ran {
        let stdout = text(&mut self.stdout);
        let stderr = self.stderr.join().expect("the reader does not panic");
        let status = self.child.wait().expect("it is a child");
        watchdog::child_ended(self.child.id());
        Ran { code: status.code(), stdout, stderr }
    }
}

impl Ran {
    /// Fails unless it exited with this code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "--- stdout\n{}--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Fails unless it refused with one clear line, which holds all of these.
    #[track_caller]
    pub(crate) fn expect_refusal(self, parts: &[&str]) {
        let ran = self.expect_code(1);
        assert_eq!(ran.stdout, "");
        assert_eq!(ran.stderr.lines().count(), 1, "one line:\n{}", ran.stderr);
        assert!(ran.stderr.starts_with("flower-host: "), "{}", ran.stderr);
        ran.expect_in_stderr(parts);
    }

    /// Fails unless all of these were printed to stderr.
    #[track_caller]
    pub(crate) fn expect_in_stderr(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is missing in:\n{}", self.stderr);
        }
    }
}

fn text(from: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).expect("a pipe can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}
