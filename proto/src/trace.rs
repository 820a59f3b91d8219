//! Shows a conversation, one line a message, in the manner of libpq's `PQtrace`: direction (`F` from us, `B`
//! from the server), length, name, fields.
//!
//! Must not show what may be secret: passwords, SASL messages, cancel keys, the values of rows, parameters and
//! COPY data (only their lengths), and every text that speaks of a password.

use std::fmt::{self, Write};

use crate::frame::{self, Body, tag};

/// Takes the lines of a trace.
pub struct Trace(Box<dyn FnMut(&str) + Send>);

impl Trace {
    /// Hands each line, without its end, to `sink`.
    pub fn new(sink: impl FnMut(&str) + Send + 'static) -> Self {
        Self(Box::new(sink))
    }

    /// Shows the startup packet, which has no tag.
    pub(crate) fn startup(&mut self, packet: &[u8]) {
        let mut line = format!("F\t{}\tStartupMessage\t3.0", packet.len());
        for text in packet.get(8..).unwrap_or(&[]).split(|&byte| byte == 0) {
            if !text.is_empty() {
                show(&mut line, text);
            }
        }
        (self.0)(&line);
    }

    /// Shows messages of ours, all of them whole.
    pub(crate) fn client(&mut self, mut messages: &[u8]) {
        while let Some((&[tag, a, b, c, d], _)) = messages.split_first_chunk::<5>() {
            let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
            let whole = length.saturating_add(1).min(messages.len());
            let (message, rest) = messages.split_at(whole);
            messages = rest;
            if tag == b'p' {
                // The length would be that of the password.
                (self.0)("F\t?\tPassword\t(hidden)");
                continue;
            }
            let (name, fields) = client_message(tag, message.get(5..).unwrap_or(&[]));
            (self.0)(&format!("F\t{length}\t{name}{fields}"));
        }
    }

    /// Shows a message of the server.
    pub(crate) fn server(&mut self, tag: u8, body: &Body) {
        let length = body.clone().rest().len() + 4;
        let fields = server_fields(tag, body.clone());
        let name = frame::name(tag).unwrap_or("?");
        (self.0)(&format!("B\t{length}\t{name}{fields}"));
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trace(..)")
    }
}

/// The name and the fields of a message of ours.
fn client_message(tag: u8, body: &[u8]) -> (&'static str, String) {
    let mut fields = String::new();
    let name = match tag {
        b'Q' => {
            show_texts(&mut fields, body, 1);
            "Query"
        }
        b'P' => {
            show_texts(&mut fields, body, 2);
            "Parse"
        }
        b'B' => {
            show_length(&mut fields, body.len());
            "Bind"
        }
        b'D' => "Describe",
        b'E' => "Execute",
        b'H' => "Flush",
        b'S' => "Sync",
        b'd' => {
            show_length(&mut fields, body.len());
            "CopyData"
        }
        b'c' => "CopyDone",
        b'f' => {
            show_texts(&mut fields, body, 1);
            "CopyFail"
        }
        b'X' => "Terminate",
        _ => "?",
    };
    (name, fields)
}

/// The fields of a message of the server.
fn server_fields(tag: u8, mut body: Body) -> String {
    let mut fields = String::new();
    match tag {
        tag::AUTHENTICATION => {
            if let Ok(code) = body.u32() {
                let _ = write!(fields, "\t{code}");
            }
            if !body.is_empty() {
                fields.push_str(" (hidden)");
            }
        }
        tag::BACKEND_KEY_DATA => {
            if let Ok(process) = body.i32() {
                let _ = write!(fields, "\t{process} (hidden)");
            }
        }
        tag::PARAMETER_STATUS => show_texts(&mut fields, &body.rest(), 2),
        tag::COMMAND_COMPLETE => show_texts(&mut fields, &body.rest(), 1),
        tag::ERROR_RESPONSE | tag::NOTICE_RESPONSE => {
            while let Ok(kind) = body.u8()
                && kind != 0
                && let Ok(text) = body.text()
            {
                let _ = write!(fields, "\t{}", char::from(kind).escape_default());
                show(&mut fields, &text);
            }
        }
        tag::READY_FOR_QUERY => {
            if let Ok(status) = body.u8() {
                let _ = write!(fields, "\t{}", char::from(status).escape_default());
            }
        }
        tag::ROW_DESCRIPTION | tag::PARAMETER_DESCRIPTION => {
            if let Ok(count) = body.u16() {
                let _ = write!(fields, "\t{count}");
            }
        }
        tag::DATA_ROW | tag::COPY_DATA | tag::NOTIFICATION_RESPONSE => {
            show_length(&mut fields, body.rest().len());
        }
        _ => {}
    }
    fields
}

/// Shows up to `count` texts that each end with a zero byte.
fn show_texts(line: &mut String, bytes: &[u8], count: usize) {
    for text in bytes.split(|&byte| byte == 0).take(count) {
        show(line, text);
    }
}

fn show_length(line: &mut String, length: usize) {
    let _ = write!(line, "\t({length} bytes)");
}

/// Shows a text in quotes, on one line; not at all when it may hold a password.
fn show(line: &mut String, text: &[u8]) {
    if speaks_of_password(text) {
        let _ = write!(line, "\t({} bytes, hidden)", text.len());
        return;
    }
    let _ = write!(
        line,
        "\t\"{}\"",
        String::from_utf8_lossy(text).escape_debug()
    );
}

/// `PASSWORD '..'` of ALTER ROLE, `password=` of a connection string, an option of a user mapping.
fn speaks_of_password(text: &[u8]) -> bool {
    text.windows(5)
        .any(|word| word.eq_ignore_ascii_case(b"passw"))
}
