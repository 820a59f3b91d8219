//! The session without a socket: bytes in, events out. Conversations here also run with their bytes arriving
//! one at a time, and cut off after each byte.

mod auth;
mod broken;
mod startup;
mod statements;
mod trace;

use bytes::BytesMut;
use snapback_proto::{
    ChannelBinding, Credentials, Event, Password, ProtocolError, Session, Startup,
};

use crate::support::fakeserver::{authentication, ready};

fn start(password: Option<&str>, channel_binding: ChannelBinding) -> Session {
    let credentials = Credentials {
        password: password.map(Password::new),
        channel_binding,
    };
    Session::start(&Startup::new("alice"), credentials, None).unwrap()
}

/// A session that is ready.
fn session() -> Session {
    let mut session = start(None, ChannelBinding::Never);
    let welcome = [authentication(0, b""), ready(b'I')].concat();
    assert_eq!(play(&mut session, &welcome).unwrap(), ["ready Idle"]);
    session.outgoing().clear();
    session
}

/// Feeds bytes and tells what came out.
fn play(session: &mut Session, bytes: &[u8]) -> Result<Vec<String>, ProtocolError> {
    let mut input = BytesMut::from(bytes);
    let mut events = Vec::new();
    while let Some(event) = session.receive(&mut input)? {
        events.push(tell(&event));
    }
    Ok(events)
}

fn tell(event: &Event) -> String {
    match event {
        Event::ParseComplete { statement } => format!("{statement} parsed"),
        Event::RowDescription { statement, columns } => {
            let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
            format!("{statement} columns {}", names.join(","))
        }
        Event::DataRow { statement, row } => {
            let values: Vec<_> = row
                .values()
                .map(|value| value.map_or("NULL".into(), String::from_utf8_lossy))
                .collect();
            format!("{statement} row {}", values.join(","))
        }
        Event::CommandComplete { statement, tag } => format!("{statement} {tag}"),
        Event::EmptyQuery { statement } => format!("{statement} empty"),
        Event::CopyIn { statement, format } => format!("{statement} copy in {format:?}"),
        Event::CopyOut { statement, format } => format!("{statement} copy out {format:?}"),
        Event::CopyData { statement, data } => {
            format!("{statement} data {}", String::from_utf8_lossy(data))
        }
        Event::CopyDone { statement } => format!("{statement} data ends"),
        Event::Error { statement, error } => format!("{statement:?} {error}"),
        Event::Notice { statement, notice } => format!("{statement:?} {notice}"),
        Event::Notification {
            process,
            channel,
            payload,
        } => format!("{process} notifies {channel} {payload}"),
        Event::Ready { status } => format!("ready {status:?}"),
    }
}

/// Checks that a conversation gives these events however its bytes arrive, and that no part of it is taken
/// for an error or gives more.
fn check(prepare: impl Fn() -> Session, bytes: &[u8], expected: &[&str]) {
    assert_eq!(play(&mut prepare(), bytes).unwrap(), expected);

    let (mut session, mut input, mut events) = (prepare(), BytesMut::new(), Vec::new());
    for byte in bytes {
        input.extend_from_slice(&[*byte]);
        while let Some(event) = session.receive(&mut input).unwrap() {
            events.push(tell(&event));
        }
    }
    assert_eq!(events, expected, "byte by byte");

    for end in 0..bytes.len() {
        let events = play(&mut prepare(), &bytes[..end]).unwrap();
        assert_eq!(events, expected[..events.len()], "cut after {end} bytes");
    }
}

fn unexpected(message: &'static str, state: &'static str) -> ProtocolError {
    ProtocolError::Unexpected { message, state }
}
