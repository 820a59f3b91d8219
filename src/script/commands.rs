//! Which psql commands a script may use, and what they ask for.
//!
//! The meaning is psql's (manual, "Meta-Commands"). What only makes sense inside psql, such as a listing or a
//! file beside the client, is refused, and the message says what to write instead. Pure: `source` carries out
//! what is read here.

use super::place::Place;
use super::psql::{self, ArgumentError};
use super::setting::encoding;
use super::variables::Variables;

/// A command that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Its arguments cannot be read.
    #[error(transparent)]
    Arguments(#[from] ArgumentError),
    /// An argument that it needs is not there.
    #[error("{0} needs {1}")]
    Missing(String, &'static str),
    /// A name that no variable can have.
    #[error("\"{0}\" cannot be the name of a variable")]
    VariableName(String),
    /// Neither true nor false.
    #[error("{0}: \"{1}\" is neither true nor false")]
    NotBoolean(String, String),
    /// `\elif`, `\else` or `\endif` by itself.
    #[error("{0} without \\if")]
    NoIf(String),
    /// `\elif` or `\else` behind `\else`.
    #[error("{0} after \\else")]
    AfterElse(String),
    /// `\if` without `\endif` in the same file.
    #[error("this \\if has no \\endif in the same file")]
    NoEndif,
    /// Anything but `\unrestrict` behind `\restrict`.
    #[error("{0} behind \\restrict: only \\unrestrict with the same key is allowed here")]
    Restricted(String),
    /// `\unrestrict` by itself.
    #[error("\\unrestrict without \\restrict")]
    NotRestricted,
    /// `\connect` to somewhere else.
    #[error(
        "\\connect to the database \"{wanted}\", but this run is in \"{current}\" and stays there"
    )]
    OtherDatabase {
        /// What the script wants.
        wanted: String,
        /// Where we are.
        current: String,
    },
    /// `\connect` as somebody else, or to another server.
    #[error("\\connect with a user, host or port is not supported: one run is one connection")]
    OtherConnection,
    /// Not supported, and why.
    #[error("the psql command {0} is not supported here: {1}")]
    Unsupported(String, &'static str),
    /// No command of psql.
    #[error("{0} is no psql command")]
    Unknown(String),
}

/// What a command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Set(String, String),
    Unset(String),
    Echo(Echo),
    Include {
        name: String,
        /// Relative to the file it stands in, not to the current folder.
        relative: bool,
    },
    Restrict(String),
    Unrestrict(String),
    /// To this database; `None`: the one we are in.
    Connect(Option<String>),
    Quit,
    /// The script goes on in this encoding; `None` is UTF-8.
    Encoding(Option<String>),
    Nothing,
}

/// Text that a script prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Echo {
    /// With its newline, unless the script asked for none.
    pub text: String,
    /// `\warn`: to standard error; otherwise to standard output.
    pub to_stderr: bool,
}

/// The name of the command that `text` is, with its backslash.
pub(super) fn name(text: &str) -> String {
    psql::name(text.as_bytes()).into_owned()
}

/// Whether `name` belongs to `\if`, which counts in a branch that is not taken, too.
pub(super) fn is_condition(name: &str) -> bool {
    matches!(name, r"\if" | r"\elif" | r"\else" | r"\endif")
}

/// Reads a command.
pub(super) fn read(text: &str, variables: &Variables) -> Result<Command, CommandError> {
    let name = name(text);
    if let Some(refused) = refusal(&name) {
        return Err(refused);
    }
    let mut arguments = psql::arguments(text, variables)?;
    let first = arguments
        .first()
        .map(|first| without_semicolons(first).to_owned());
    let needs = |what| {
        first
            .clone()
            .ok_or_else(|| CommandError::Missing(name.clone(), what))
    };
    Ok(match name.as_str() {
        r"\set" if arguments.is_empty() => {
            let text = listing(variables);
            Command::Echo(Echo {
                text,
                to_stderr: false,
            })
        }
        r"\set" => {
            let variable = variable_name(arguments.remove(0))?;
            Command::Set(variable, arguments.concat())
        }
        r"\unset" => Command::Unset(variable_name(needs("the name of a variable")?)?),
        r"\echo" | r"\qecho" => Command::Echo(echo(&arguments, false)),
        r"\warn" => Command::Echo(echo(&arguments, true)),
        r"\i" | r"\include" => Command::Include {
            name: needs("a file name")?,
            relative: false,
        },
        r"\ir" | r"\include_relative" => Command::Include {
            name: needs("a file name")?,
            relative: true,
        },
        r"\restrict" => Command::Restrict(needs("a key")?),
        r"\unrestrict" => Command::Unrestrict(needs("a key")?),
        r"\c" | r"\connect" => Command::Connect(connect(&arguments)?),
        r"\q" | r"\quit" => Command::Quit,
        r"\encoding" => match first {
            None => Command::Nothing,
            Some(name) => Command::Encoding(encoding(&name)),
        },
        _ => return Err(CommandError::Unknown(name)),
    })
}

/// The value of the expression of `\if` or `\elif`.
pub(super) fn condition(text: &str, variables: &Variables) -> Result<bool, CommandError> {
    let expression = psql::arguments(text, variables)?.join(" ");
    boolean(&expression).ok_or_else(|| CommandError::NotBoolean(name(text), expression))
}

/// psql's `ParseVariableBool`: any beginning of true, false, yes and no; on, off; 1, 0.
fn boolean(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let begins = |word: &str, least| text.len() >= least && word.starts_with(&text);
    if begins("true", 1) || begins("yes", 1) || begins("on", 2) || text == "1" {
        Some(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0" {
        Some(false)
    } else {
        None
    }
}

fn echo(arguments: &[String], to_stderr: bool) -> Echo {
    match arguments {
        [no_newline, rest @ ..] if no_newline == "-n" => Echo {
            text: rest.join(" "),
            to_stderr,
        },
        all => Echo {
            text: all.join(" ") + "\n",
            to_stderr,
        },
    }
}

/// What `\set` without arguments prints.
fn listing(variables: &Variables) -> String {
    let lines = variables
        .iter()
        .map(|(name, value)| format!("{name} = '{value}'\n"));
    lines.collect::<Vec<_>>().concat()
}

fn variable_name(name: String) -> Result<String, CommandError> {
    if Variables::is_name(&name) {
        Ok(name)
    } else {
        Err(CommandError::VariableName(name))
    }
}

/// Most commands let a semicolon stand behind their argument, as people write it.
fn without_semicolons(argument: &str) -> &str {
    argument.trim_end_matches(';')
}

/// The database that `\connect` names. `pg_dump` writes a name with odd characters as `-reuse-previous=on
/// "dbname='..'"`.
fn connect(arguments: &[String]) -> Result<Option<String>, CommandError> {
    let rest = match arguments {
        [option, rest @ ..] if option.starts_with("-reuse-previous=") => rest,
        all => all,
    };
    let Some((database, others)) = rest.split_first() else {
        return Ok(None);
    };
    if others.iter().any(|other| other != "-") {
        return Err(CommandError::OtherConnection);
    }
    let database = unquote(database, '"');
    if database == "-" {
        return Ok(None);
    }
    if database.contains("://") {
        return Err(CommandError::OtherConnection);
    }
    match database.strip_prefix("dbname=") {
        Some(value) => Ok(Some(
            unquote(value, '\'')
                .replace("\\'", "'")
                .replace("\\\\", "\\"),
        )),
        None if database.contains('=') => Err(CommandError::OtherConnection),
        None => Ok(Some(database)),
    }
}

/// Without the quotes around it; doubled ones become one.
fn unquote(text: &str, quote: char) -> String {
    let inner = text
        .strip_prefix(quote)
        .and_then(|rest| rest.strip_suffix(quote));
    match inner {
        Some(inner) => inner.replace(&format!("{quote}{quote}"), &quote.to_string()),
        None => text.to_owned(),
    }
}

/// Commands of psql that make no sense here, with what to do instead.
fn refusal(name: &str) -> Option<CommandError> {
    let reason = match name.strip_prefix('\\')? {
        "g" | "gx" | "gset" | "gexec" | "gdesc" | "watch" | "crosstabview" | "crosstab"
        | "bind" | "bind_named" | "parse" | "close_prepared" | "startpipeline" | "endpipeline"
        | "sendpipeline" => {
            "it sends a statement in psql's own way; end the statement with a semicolon"
        }
        "copy" => {
            "it reads or writes a file beside psql; use COPY .. FROM STDIN with the data in the script"
        }
        "!" | "o" | "out" | "w" | "write" | "cd" | "setenv" | "getenv" | "s" => {
            "it reaches into the machine that psql runs on"
        }
        "e" | "edit" | "ef" | "ev" | "prompt" | "password" | "r" | "reset" | "p" | "print" => {
            "it needs a person at a terminal"
        }
        "pset" | "x" | "a" | "t" | "T" | "C" | "f" | "H" | "html" | "timing" | "errverbose"
        | "h" | "help" | "?" | "copyright" | "conninfo" => {
            "it only changes what psql prints; leave it out"
        }
        "lo_import" | "lo_export" | "lo_list" | "lo_unlink" => {
            "it moves large objects between files and the server"
        }
        "l" | "list" | "z" | "sf" | "sv" => "it lists objects on a terminal; leave it out",
        listing if listing.starts_with('d') => "it lists objects on a terminal; leave it out",
        _ => return None,
    };
    Some(CommandError::Unsupported(name.to_owned(), reason))
}

/// The `\if` that are open in one file.
#[derive(Debug, Default)]
pub(super) struct Branches(Vec<Branch>);

#[derive(Debug)]
struct Branch {
    begin: Place,
    state: State,
    after_else: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// This branch is the one.
    Taken,
    /// None so far was.
    NotYet,
    /// An earlier one was, or the whole stands in a branch that is not taken.
    Over,
}

impl Branches {
    /// Whether what stands here counts.
    pub(super) fn active(&self) -> bool {
        self.0
            .last()
            .is_none_or(|branch| branch.state == State::Taken)
    }

    /// Where the innermost open `\if` begins.
    pub(super) fn open(&self) -> Option<Place> {
        self.0.last().map(|branch| branch.begin)
    }

    /// Carries out `\if`, `\elif`, `\else` or `\endif`. The condition is evaluated only where it counts.
    pub(super) fn command(
        &mut self,
        name: &str,
        begin: Place,
        condition: impl FnOnce() -> Result<bool, CommandError>,
    ) -> Result<(), CommandError> {
        let decide = |value| if value { State::Taken } else { State::NotYet };
        if name == r"\if" {
            let state = if self.active() {
                decide(condition()?)
            } else {
                State::Over
            };
            self.0.push(Branch {
                begin,
                state,
                after_else: false,
            });
            return Ok(());
        }
        let Some(branch) = self.0.last_mut() else {
            return Err(CommandError::NoIf(name.to_owned()));
        };
        if name == r"\endif" {
            self.0.pop();
            return Ok(());
        }
        if branch.after_else {
            return Err(CommandError::AfterElse(name.to_owned()));
        }
        let is_else = name == r"\else";
        branch.after_else = is_else;
        branch.state = match branch.state {
            State::Taken | State::Over => State::Over,
            State::NotYet if is_else => State::Taken,
            State::NotYet => decide(condition()?),
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(text: &str) -> Result<Command, CommandError> {
        read(text, &Variables::default())
    }

    #[test]
    fn connect_names_a_database_or_is_refused() {
        let database = |text: &str| command(text);
        let to = |name: &str| Ok(Command::Connect(Some(name.to_owned())));
        assert_eq!(database(r"\connect shop"), to("shop"));
        assert_eq!(database(r"\c -reuse-previous=on shop"), to("shop"));
        assert_eq!(
            database("\\connect -reuse-previous=on \"dbname='it\\'s'\""),
            to("it's")
        );
        assert_eq!(database("\\connect \"Shop\" - -"), to("Shop"));
        assert_eq!(database(r"\c"), Ok(Command::Connect(None)));
        assert_eq!(
            database(r"\c shop admin"),
            Err(CommandError::OtherConnection)
        );
        assert_eq!(
            database(r"\c postgresql://x/shop"),
            Err(CommandError::OtherConnection)
        );
        assert_eq!(
            database("\\c 'host=x dbname=shop'"),
            Err(CommandError::OtherConnection)
        );
    }

    #[test]
    fn booleans_are_psqls() {
        for yes in ["t", "TRUE", "y", "yes", "on", "1"] {
            assert_eq!(boolean(yes), Some(true), "{yes}");
        }
        for no in ["f", "False", "n", "no", "of", "off", "0"] {
            assert_eq!(boolean(no), Some(false), "{no}");
        }
        for neither in ["", "o", "2", "truely", ":x"] {
            assert_eq!(boolean(neither), None, "{neither}");
        }
    }

    #[test]
    fn what_is_refused_says_why() {
        let message = |text: &str| command(text).err().map(|error| error.to_string());
        assert_eq!(
            message(r"\copy t from 'f'").as_deref(),
            Some(
                r"the psql command \copy is not supported here: it reads or writes a file beside psql; use COPY .. FROM STDIN with the data in the script"
            )
        );
        assert_eq!(
            message(r"\nope").as_deref(),
            Some(r"\nope is no psql command")
        );
        assert_eq!(message(r"\i").as_deref(), Some(r"\i needs a file name"));
        assert_eq!(
            message(r"\set a-b 1").as_deref(),
            Some("\"a-b\" cannot be the name of a variable")
        );
    }
}
