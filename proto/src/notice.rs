//! Errors and notices of the server, with every field that it sends.
//!
//! Must not: interpret texts; they are in the server's language (`lc_messages`). Decide by `severity` and
//! `code` only.
//!
//! Source: manual, "Error and Notice Message Fields".

use std::fmt;

use crate::ProtocolError;
use crate::frame::Body;

/// How grave a [`ServerError`] is (field `V`, never translated).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)] // The names are the server's own.
pub enum Severity {
    Debug,
    Log,
    Info,
    Notice,
    Warning,
    Error,
    /// The server ends this session.
    Fatal,
    /// The server ends all sessions.
    Panic,
}

impl Severity {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "DEBUG" => Self::Debug,
            "LOG" => Self::Log,
            "INFO" => Self::Info,
            "NOTICE" => Self::Notice,
            "WARNING" => Self::Warning,
            "ERROR" => Self::Error,
            "FATAL" => Self::Fatal,
            "PANIC" => Self::Panic,
            _ => return None,
        })
    }

    /// The server's word for it, in English.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Log => "LOG",
            Self::Info => "INFO",
            Self::Notice => "NOTICE",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
            Self::Panic => "PANIC",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What the server says in an `ErrorResponse` or a `NoticeResponse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerError {
    /// Field `V`; where a server does not send it, field `S`.
    pub severity: Severity,
    /// SQLSTATE, five characters (field `C`).
    pub code: String,
    /// The primary message (field `M`).
    pub message: String,
    /// Field `D`.
    pub detail: Option<String>,
    /// Field `H`.
    pub hint: Option<String>,
    /// Where in the statement, in **characters** (not bytes) from 1 (field `P`).
    pub position: Option<u32>,
    /// As `position`, within `internal_query` (field `p`).
    pub internal_position: Option<u32>,
    /// The statement that the server made itself, such as one in a function (field `q`).
    pub internal_query: Option<String>,
    /// The call stack in the server (field `W`).
    pub context: Option<String>,
    /// Field `s`.
    pub schema: Option<String>,
    /// Field `t`.
    pub table: Option<String>,
    /// Field `c`.
    pub column: Option<String>,
    /// Field `d`.
    pub data_type: Option<String>,
    /// Field `n`.
    pub constraint: Option<String>,
    /// The server's source file, such as `scan.l` (field `F`).
    pub file: Option<String>,
    /// The line in it (field `L`).
    pub line: Option<u32>,
    /// The function in it (field `R`).
    pub routine: Option<String>,
}

/// A message of the server that is no error; it has the same fields.
pub type Notice = ServerError;

impl ServerError {
    /// An error of which only the text is known, as a server sends it that cannot even start a session.
    pub(crate) fn plain(message: String) -> Self {
        Self {
            severity: Severity::Fatal,
            code: String::new(),
            message,
            detail: None,
            hint: None,
            position: None,
            internal_position: None,
            internal_query: None,
            context: None,
            schema: None,
            table: None,
            column: None,
            data_type: None,
            constraint: None,
            file: None,
            line: None,
            routine: None,
        }
    }

    /// Whether the server ends the session with it.
    pub fn is_fatal(&self) -> bool {
        self.severity >= Severity::Fatal
    }

    /// Reads the fields. Those of a kind not known are ignored, as the manual asks.
    pub(crate) fn read(mut body: Body) -> Result<Self, ProtocolError> {
        let mut read = Self::plain(String::new());
        let mut severity = None;
        let mut translated = None;
        loop {
            let field = body.u8()?;
            if field == 0 {
                break;
            }
            let value = body.string()?;
            match field {
                b'V' => severity = Severity::from_name(&value),
                b'S' => translated = Severity::from_name(&value),
                b'C' => read.code = value,
                b'M' => read.message = value,
                b'D' => read.detail = Some(value),
                b'H' => read.hint = Some(value),
                b'P' => read.position = value.parse().ok(),
                b'p' => read.internal_position = value.parse().ok(),
                b'q' => read.internal_query = Some(value),
                b'W' => read.context = Some(value),
                b's' => read.schema = Some(value),
                b't' => read.table = Some(value),
                b'c' => read.column = Some(value),
                b'd' => read.data_type = Some(value),
                b'n' => read.constraint = Some(value),
                b'F' => read.file = Some(value),
                b'L' => read.line = value.parse().ok(),
                b'R' => read.routine = Some(value),
                _ => {}
            }
        }
        body.end()?;
        // A server before 9.6, or a pooler, may leave `V` out; an unknown word is taken for an error.
        read.severity = severity.or(translated).unwrap_or(Severity::Error);
        Ok(read)
    }
}

impl fmt::Display for ServerError {
    /// One line: severity, message, SQLSTATE.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.message)?;
        if self.code.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", self.code)
    }
}

impl std::error::Error for ServerError {}
