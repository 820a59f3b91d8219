//! Runs the built program as a user would, with nothing of our own environment, and shows all it said.

use std::ffi::OsStr;
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// One use of the program. Its home and current folder are empty temporary folders; its environment holds
/// `HOME` alone, without even a `PATH`: it could not start another program by name.
pub(crate) struct Snapback {
    command: Command,
    input: Option<Vec<u8>>,
    /// Kept until the program ends.
    home: TempDir,
}

impl Snapback {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_snapback"));
        command
            .env_clear()
            .env("HOME", home.path())
            .current_dir(home.path());
        Self {
            command,
            input: None,
            home,
        }
    }

    pub(crate) fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The current folder; `.snapback/` and `snapback.toml` are looked for there.
    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// What is piped in. Without it standard input is empty; it is never a terminal.
    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Ran {
        let input = self.input.take().unwrap_or_default();
        let mut child = self.start(Stdio::piped());
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            // It may well end without reading all, or any, of it.
            scope.spawn(move || stdin.write_all(&input));
            child.wait_with_output().unwrap()
        });
        Ran::of(output)
    }

    /// Runs it at a terminal (`script`, of util-linux) at which `typed` is typed. All that the terminal shows,
    /// what was typed included, is in `stdout`.
    pub(crate) fn run_at_terminal(self, typed: &str) -> Ran {
        at_terminal(&self.command, typed)
    }

    /// Starts it and returns at once, for tests that send signals or close its output.
    pub(crate) fn spawn(mut self) -> Running {
        let child = self.start(Stdio::null());
        Running {
            child,
            _home: self.home,
        }
    }

    fn start(&mut self, input: Stdio) -> Child {
        self.command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Runs a program at a terminal; see [`Snapback::run_at_terminal`].
pub(crate) fn at_terminal(command: &Command, typed: &str) -> Ran {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line: Vec<_> = words
        .map(|word| format!("'{}'", word.to_str().unwrap().replace('\'', "'\\''")))
        .collect();
    let mut script = Command::new("/usr/bin/timeout");
    script
        .args([
            "60",
            "script",
            "-q",
            "-e",
            "-c",
            &line.join(" "),
            "/dev/null",
        ])
        .env_clear();
    script.envs(
        command
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    if let Some(folder) = command.get_current_dir() {
        script.current_dir(folder);
    }
    let mut child = script
        .env("SHELL", "/bin/sh")
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever types faster than the program starts is echoed twice, so only the program's words count. The end
    // of the input becomes Ctrl-D.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    let mut ran = Ran::of(child.wait_with_output().unwrap());
    ran.stdout = ran.stdout.replace("\r\n", "\n");
    ran
}

/// A program that runs, with both outputs piped.
pub(crate) struct Running {
    pub(crate) child: Child,
    _home: TempDir,
}

impl Running {
    /// Sends a signal by name, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let sent = Command::new("/bin/sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "kill", name, &process])
            .status();
        assert!(
            sent.unwrap().success(),
            "could not send {name} to process {process}"
        );
    }

    pub(crate) fn wait(self) -> Ran {
        Ran::of(self.child.wait_with_output().unwrap())
    }
}

/// What came of it. Its `Display` is what snapshot tests compare.
pub(crate) struct Ran {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes| {
            String::from_utf8(bytes).expect("the program wrote something that is not UTF-8")
        };
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Asserts the exit code and, if it differs, shows everything.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "\n{self}");
        self
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not JSON: {error}\n{self}"))
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(out, "exit code {code}")?,
            None => writeln!(out, "ended by a signal")?,
        }
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                let end = if text.ends_with('\n') {
                    ""
                } else {
                    "<no newline>\n"
                };
                write!(out, "----- {name}\n{text}{end}")?;
            }
        }
        Ok(())
    }
}

/// What differs from run to run, for `insta`: ids, times, durations, ports, temporary paths, versions.
/// Use as `insta::with_settings!({filters => cli::filters()}, { insta::assert_snapshot!(ran) })`.
pub(crate) fn filters() -> Vec<(&'static str, &'static str)> {
    vec![
        (r"/(tmp|dev/shm)/[-.\w]+", "[TMP]"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]"),
        (r"op-\d{8}T\d{6}Z-[0-9a-f]{4}", "[OPERATION]"),
        (
            r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)?",
            "[TIME]",
        ),
        (r"\b\d+(\.\d+)? ?(ns|µs|ms|s)\b", "[DURATION]"),
        (r"\b[0-9a-f]{64}\b", "[HASH]"),
        (r"\b[0-9a-f]{12,16}\b", "[SHORT HASH]"),
        (
            r"\b(PostgreSQL|Postgres) \d+(\.\d+)?( \([^)]*\))?",
            "Postgres [VERSION]",
        ),
        (r"\bpid \d+", "pid [PID]"),
        (r"\bt\d+\b", "[DATABASE]"),
    ]
}
