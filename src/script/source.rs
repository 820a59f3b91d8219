//! A script with its psql commands carried out: includes, variables, conditions, echo.
//!
//! What comes out are statements and COPY data, in the order in which psql would send them. A command that
//! means something only inside psql is refused with the reason. Reads the files that the script includes;
//! sends nothing anywhere.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::commands::{self, Branches, CommandError, Echo};
use super::location::{FileName, Location};
use super::place::Place;
use super::split::{Piece, Splitter};
use super::split_error::SplitError;
use super::statement::Statement;
use super::variables::Variables;

/// What a script gives, in order.
#[derive(Debug)]
pub enum Item<'a> {
    /// A statement.
    Statement {
        /// The statement.
        statement: Statement<'a>,
        /// The file it stands in.
        file: &'a Arc<FileName>,
    },
    /// Data of the COPY before it.
    CopyData(&'a [u8]),
    /// The data is complete.
    CopyEnd,
    /// Text that the script wants to be printed.
    Echo(&'a Echo),
}

/// A script that cannot be read on.
#[derive(Debug, thiserror::Error)]
#[error("{location}: {kind}")]
pub struct SourceError {
    /// Where.
    pub location: Location,
    /// Why.
    pub kind: SourceErrorKind,
}

/// Why a script cannot be read on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// It does not split into statements.
    #[error(transparent)]
    Split(SplitError),
    /// A psql command that is wrong or not supported.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// A file that is not there or cannot be read.
    #[error("cannot open {name}: {error}")]
    Open {
        /// The file.
        name: String,
        /// What the system says.
        #[source]
        error: std::io::Error,
    },
    /// Files that include each other.
    #[error("these scripts include each other: {}", .0.join(" -> "))]
    Loop(Vec<String>),
}

/// A script that is read.
pub struct Source {
    main: Arc<FileName>,
    /// Where the main file ended.
    end: u64,
    frames: Vec<Frame>,
    /// Variables while no frame holds them: before the first, after the last.
    variables: Variables,
    /// The database that `\connect` may name; `None` when none is known, and any is.
    database: Option<String>,
    /// The key of `\restrict`.
    restricted: Option<String>,
    echo: Option<Echo>,
}

/// One file on the stack of includes.
struct Frame {
    file: Arc<FileName>,
    /// The same file under any name has the same one.
    identity: Option<PathBuf>,
    splitter: Splitter<Box<dyn Read + Send>>,
    branches: Branches,
}

impl Source {
    /// A script in a file.
    pub fn open(path: &Path) -> Result<Source, SourceError> {
        let shown = path.display().to_string();
        let file = Arc::new(FileName {
            shown,
            path: Some(path.to_owned()),
        });
        match File::open(path) {
            Ok(input) => Ok(Source::new(file, Box::new(input))),
            Err(error) => Err(SourceError {
                kind: SourceErrorKind::Open {
                    name: file.shown.clone(),
                    error,
                },
                location: Location {
                    file,
                    place: Place::START,
                },
            }),
        }
    }

    /// A script that comes from `input`, which messages call `name`.
    pub fn from_reader(name: &str, input: impl Read + Send + 'static) -> Source {
        let file = FileName {
            shown: name.to_owned(),
            path: None,
        };
        Source::new(Arc::new(file), Box::new(input))
    }

    fn new(file: Arc<FileName>, input: Box<dyn Read + Send>) -> Source {
        let mut source = Source {
            main: Arc::clone(&file),
            end: 0,
            frames: Vec::new(),
            variables: Variables::default(),
            database: None,
            restricted: None,
            echo: None,
        };
        source.push(file, input);
        source
    }

    /// Names the database that runs the script: `\connect` to another one is refused.
    #[must_use]
    pub fn in_database(mut self, name: &str) -> Source {
        self.database = Some(name.to_owned());
        self
    }

    /// The variables, as they are now.
    pub fn variables(&mut self) -> &mut Variables {
        match self.frames.last_mut() {
            Some(frame) => &mut frame.splitter.variables,
            None => &mut self.variables,
        }
    }

    /// Whether the server begins with `standard_conforming_strings` on, which is what counts when the script
    /// does not set it.
    pub fn standard_strings(&mut self, on: bool) {
        for frame in &mut self.frames {
            frame.splitter.standard_strings = on;
        }
    }

    /// The next item; `None` at the end. After an error it is over.
    #[expect(clippy::should_implement_trait, reason = "an item borrows the source")]
    pub fn next(&mut self) -> Result<Option<Item<'_>>, SourceError> {
        if !self.advance()? {
            return Ok(None);
        }
        if let Some(echo) = &self.echo {
            return Ok(Some(Item::Echo(echo)));
        }
        let Some(frame) = self.frames.last() else {
            return Ok(None);
        };
        Ok(match frame.splitter.piece() {
            Some(Piece::Statement(statement)) => Some(Item::Statement {
                statement,
                file: &frame.file,
            }),
            Some(Piece::CopyData(bytes)) => Some(Item::CopyData(bytes)),
            Some(Piece::CopyEnd) => Some(Item::CopyEnd),
            Some(Piece::Command(_)) | None => None,
        })
    }

    /// The file that the script begins in.
    pub fn main_file(&self) -> &Arc<FileName> {
        &self.main
    }

    /// How many bytes of that file were read so far.
    pub fn offset(&self) -> u64 {
        self.frames
            .first()
            .map_or(self.end, |frame| frame.splitter.place().offset)
    }

    /// Goes to the next item, carrying out the commands before it; `false` at the end.
    fn advance(&mut self) -> Result<bool, SourceError> {
        self.echo = None;
        loop {
            let Some(frame) = self.frames.last_mut() else {
                return Ok(false);
            };
            match frame.splitter.advance() {
                Ok(true) => {}
                Ok(false) => {
                    self.end_of_file()?;
                    continue;
                }
                Err(error) => {
                    let location = Location {
                        file: Arc::clone(&frame.file),
                        place: error.place,
                    };
                    return Err(SourceError {
                        location,
                        kind: SourceErrorKind::Split(error),
                    });
                }
            }
            let Some(Piece::Command(command)) = frame.splitter.piece() else {
                return Ok(true);
            };
            let place = command.span.start;
            let text = command.text.to_owned();
            let file = Arc::clone(&frame.file);
            if let Err(kind) = self.command(&text, place) {
                return Err(SourceError {
                    location: Location { file, place },
                    kind,
                });
            }
            if self.echo.is_some() {
                return Ok(true);
            }
        }
    }

    /// Leaves the current file; what it set stays set.
    fn end_of_file(&mut self) -> Result<(), SourceError> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        if let Some(place) = frame.branches.open() {
            let kind = CommandError::NoEndif.into();
            return Err(SourceError {
                location: Location {
                    file: frame.file,
                    place,
                },
                kind,
            });
        }
        self.leave(frame);
        Ok(())
    }

    fn leave(&mut self, frame: Frame) {
        let inner = frame.splitter;
        self.end = inner.place().offset;
        match self.frames.last_mut() {
            Some(outer) => {
                outer.splitter.standard_strings = inner.standard_strings;
                outer.splitter.encoding = inner.encoding;
                outer.splitter.variables = inner.variables;
            }
            None => self.variables = inner.variables,
        }
    }

    fn push(&mut self, file: Arc<FileName>, input: Box<dyn Read + Send>) {
        let mut splitter = Splitter::new(input);
        match self.frames.last_mut() {
            Some(outer) => {
                splitter.standard_strings = outer.splitter.standard_strings;
                splitter.encoding.clone_from(&outer.splitter.encoding);
                splitter.variables = std::mem::take(&mut outer.splitter.variables);
            }
            None => splitter.variables = std::mem::take(&mut self.variables),
        }
        let identity = file.path.as_ref().and_then(|path| path.canonicalize().ok());
        self.frames.push(Frame {
            file,
            identity,
            splitter,
            branches: Branches::default(),
        });
    }

    fn command(&mut self, text: &str, place: Place) -> Result<(), SourceErrorKind> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        let read = || commands::read(text, &frame.splitter.variables);
        let name = commands::name(text);
        if let Some(key) = &self.restricted {
            return match read()? {
                commands::Command::Unrestrict(given) if given == *key => {
                    self.restricted = None;
                    Ok(())
                }
                _ => Err(CommandError::Restricted(name).into()),
            };
        }
        if commands::is_condition(&name) {
            frame.branches.command(&name, place, || {
                commands::condition(text, &frame.splitter.variables)
            })?;
            frame.splitter.active = frame.branches.active();
            return Ok(());
        }
        if !frame.branches.active() {
            return Ok(());
        }
        match read()? {
            commands::Command::Set(name, value) => self.variables().set(name, value),
            commands::Command::Unset(name) => self.variables().unset(&name),
            commands::Command::Echo(echo) => self.echo = Some(echo),
            commands::Command::Include { name, relative } => self.include(&name, relative)?,
            commands::Command::Restrict(key) => self.restricted = Some(key),
            commands::Command::Unrestrict(_) => return Err(CommandError::NotRestricted.into()),
            commands::Command::Connect(database) => self.connect(database)?,
            commands::Command::Quit => {
                // psql: "only execution of that script is terminated".
                if let Some(frame) = self.frames.pop() {
                    self.leave(frame);
                }
            }
            commands::Command::Encoding(encoding) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.splitter.encoding = encoding;
                }
            }
            commands::Command::Nothing => {}
        }
        Ok(())
    }

    fn connect(&self, wanted: Option<String>) -> Result<(), CommandError> {
        match (wanted, &self.database) {
            (Some(wanted), Some(current)) if wanted != *current => {
                Err(CommandError::OtherDatabase {
                    wanted,
                    current: current.clone(),
                })
            }
            _ => Ok(()),
        }
    }

    fn include(&mut self, name: &str, relative: bool) -> Result<(), SourceErrorKind> {
        let mut path = PathBuf::from(name);
        if relative && path.is_relative() {
            let current = self
                .frames
                .last()
                .and_then(|frame| frame.file.path.as_deref());
            if let Some(folder) = current.and_then(Path::parent) {
                path = folder.join(path);
            }
        }
        let shown = path.display().to_string();
        let opened = File::open(&path);
        let input = opened.map_err(|error| SourceErrorKind::Open {
            name: shown.clone(),
            error,
        })?;
        let identity = path.canonicalize().ok();
        let mut frames = self.frames.iter();
        let first = frames.position(|frame| identity.is_some() && frame.identity == identity);
        if let Some(first) = first {
            let round = self
                .frames
                .iter()
                .skip(first)
                .map(|frame| frame.file.shown.clone());
            return Err(SourceErrorKind::Loop(round.chain([shown]).collect()));
        }
        self.push(
            Arc::new(FileName {
                shown,
                path: Some(path),
            }),
            Box::new(input),
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// What a script gives, a line each, and its error.
    fn read(mut source: Source) -> Vec<String> {
        let mut seen = Vec::new();
        loop {
            match source.next() {
                Ok(Some(Item::Statement { statement, .. })) => {
                    seen.push(format!("{} {}", statement.span.start, statement.text));
                }
                Ok(Some(Item::CopyData(data))) => {
                    seen.push(format!("data {}", String::from_utf8_lossy(data).trim_end()));
                }
                Ok(Some(Item::CopyEnd)) => seen.push("end".to_owned()),
                Ok(Some(Item::Echo(echo))) => seen.push(format!("echo {}", echo.text.trim_end())),
                Ok(None) => return seen,
                Err(error) => {
                    seen.push(error.to_string());
                    return seen;
                }
            }
        }
    }

    fn script(text: &str) -> Vec<String> {
        let input = std::io::Cursor::new(text.to_owned());
        read(Source::from_reader("s", input).in_database("shop"))
    }

    #[test]
    fn conditions_choose_what_runs() {
        let text = "\\set on yes\n\\if :on\na;\n\\if false\n\\nope 'x\n\\else\nb;\n\\endif\n\\elif :nope\nc;\n\\else\nd;\n\\endif\ne;";
        assert_eq!(script(text), ["3:1 a;", "7:1 b;", "14:1 e;"]);
        assert_eq!(
            script("\\if 0\nCOPY t FROM stdin;\n\\else\nb;\n\\endif"),
            ["4:1 b;"],
            "what is not taken has no data"
        );
        assert_eq!(
            script("a;\n\\if maybe\n\\endif"),
            ["1:1 a;", "s:2:1: \\if: \"maybe\" is neither true nor false"]
        );
        assert_eq!(script("\\endif"), ["s:1:1: \\endif without \\if"]);
        assert_eq!(
            script("a;\n\\if 1\n"),
            ["1:1 a;", "s:2:1: this \\if has no \\endif in the same file"]
        );
        assert_eq!(
            script("\\if 1\n\\else\n\\else\n"),
            ["s:3:1: \\else after \\else"]
        );
    }

    #[test]
    fn variables_and_echo() {
        let text =
            "\\set who wor ld\n\\echo 'hello  ' :who\nSELECT :'who';\n\\unset who\nSELECT :who;";
        assert_eq!(
            script(text),
            [
                "echo hello   world",
                "3:1 SELECT 'world';",
                "5:1 SELECT :who;"
            ]
        );
    }

    #[test]
    fn restricted_scripts_hold_no_commands() {
        assert_eq!(
            script("\\restrict k\na;\n\\unrestrict k\n\\echo x"),
            ["2:1 a;", "echo x"]
        );
        assert_eq!(
            script("\\restrict k\n\\echo x"),
            [
                "s:2:1: \\echo behind \\restrict: only \\unrestrict with the same key is allowed here"
            ]
        );
        assert_eq!(
            script("\\restrict k\n\\unrestrict l"),
            [
                "s:2:1: \\unrestrict behind \\restrict: only \\unrestrict with the same key is allowed here"
            ]
        );
    }

    #[test]
    fn connect_stays_in_the_database() {
        assert_eq!(script("\\connect shop\na;\n\\q\nb;"), ["2:1 a;"]);
        assert_eq!(
            script("\\c other"),
            [
                "s:1:1: \\connect to the database \"other\", but this run is in \"shop\" and stays there"
            ]
        );
    }

    #[test]
    fn files_include_files_but_not_themselves() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir(path("sub")).unwrap();
        std::fs::write(path("main.sql"), "\\set v 1\n\\ir sub/a.sql\nSELECT :v;").unwrap();
        std::fs::write(path("sub/a.sql"), "\\ir b.sql\na").unwrap();
        std::fs::write(path("sub/b.sql"), "COPY t FROM stdin;\n1\n\\.\n\\set v 2\n").unwrap();
        let main = read(Source::open(&path("main.sql")).unwrap());
        assert_eq!(
            main,
            [
                "1:1 COPY t FROM stdin;",
                "data 1",
                "end",
                "2:1 a",
                "3:1 SELECT 2;"
            ]
        );

        std::fs::write(path("sub/b.sql"), "b;\n\\ir ../main.sql").unwrap();
        let main = read(Source::open(&path("main.sql")).unwrap());
        let shown = folder.path().display().to_string();
        let round: Vec<_> = main.iter().map(|line| line.replace(&shown, "F")).collect();
        assert_eq!(
            round,
            [
                "1:1 b;",
                "F/sub/b.sql:2:1: these scripts include each other: F/main.sql -> F/sub/a.sql -> F/sub/b.sql -> F/sub/../main.sql"
            ]
        );

        std::fs::write(path("main.sql"), "\n \\i /nowhere/x.sql\n").unwrap();
        let error = read(Source::open(&path("main.sql")).unwrap());
        let error = error.concat().replace(&shown, "F");
        assert_eq!(
            error,
            "F/main.sql:2:2: cannot open /nowhere/x.sql: No such file or directory (os error 2)"
        );
        assert!(Source::open(&path("none.sql")).is_err());
    }
}
