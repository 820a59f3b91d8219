//! The session between a client that does as it likes and a server that says what it likes: no panic, only
//! whole messages go out, an event is about a statement that was queued, and after an error nothing more comes.

use bytes::{Buf, BytesMut};
use snapback_proto::trace::Trace;
use snapback_proto::{ChannelBinding, Credentials, Event, Password, Session, Startup};

/// What a server says that lets everybody in.
const WELCOME: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";

/// One input: how to begin, then steps of the client and of the server.
pub(crate) fn run(mut data: &[u8]) {
    let Ok(how) = data.try_get_u8() else { return };
    let Some(mut session) = start(how) else {
        return;
    };
    let mut input = BytesMut::new();
    if how & 4 == 0 {
        input.extend_from_slice(WELCOME);
    }
    let mut statements = 0;
    loop {
        read(&mut session, &mut input, statements);
        if !step(&mut session, &mut input, &mut data, &mut statements) {
            break;
        }
        check_outgoing(&mut session);
    }
}

fn start(how: u8) -> Option<Session> {
    let credentials = Credentials {
        password: (how & 1 == 0).then(|| Password::new("secret")),
        channel_binding: match how >> 3 & 3 {
            0 => ChannelBinding::Never,
            1 => ChannelBinding::Require(vec![1; 32]),
            _ => ChannelBinding::Prefer(vec![1; 32]),
        },
    };
    let trace = (how & 2 == 0).then(|| Trace::new(|line| assert!(!line.contains('\n'))));
    let mut session = Session::start(&Startup::new("alice"), credentials, trace).ok()?;
    session.outgoing().clear();
    Some(session)
}

/// Reads all events there are.
fn read(session: &mut Session, input: &mut BytesMut, statements: usize) {
    loop {
        match session.receive(input) {
            Ok(Some(event)) => {
                let about = statement(&event);
                assert!(about.is_none_or(|index| index < statements), "{event:?}");
            }
            Ok(None) => return,
            Err(error) => {
                assert!(session.has_ended());
                assert!(!error.to_string().contains("secret"));
                assert!(matches!(session.receive(input), Ok(None)));
                return;
            }
        }
    }
}

/// One step; false at the end of the data.
fn step(
    session: &mut Session,
    input: &mut BytesMut,
    data: &mut &[u8],
    statements: &mut usize,
) -> bool {
    let Ok(step) = data.try_get_u8() else {
        return false;
    };
    let queued = match step {
        0 => session.parse("SELECT 1").map(Some),
        1 => session.execute("SELECT $1", &[Some("x"), None]).map(Some),
        2 => session.query("SELECT 1; SELECT 2").map(Some),
        3 => session.sync().map(|()| None),
        4 => session.flush_if_needed().map(|()| None),
        5 => session.copy_data(b"1\n").map(|()| None),
        6 => session.copy_done().map(|()| None),
        7 => session.copy_fail("no").map(|()| None),
        8 => {
            // Statements count from 0 again; those that were queued give no more events but a fatal error.
            let abandoned = session.abandon().map(|()| None);
            session.outgoing().clear();
            abandoned
        }
        9 => {
            // Bytes as they are.
            let size = usize::from(data.try_get_u8().unwrap_or(0)).min(data.len());
            input.extend_from_slice(&data[..size]);
            data.advance(size);
            Ok(None)
        }
        // A message of this kind, its length right.
        tag => {
            let size = usize::from(data.try_get_u8().unwrap_or(0)).min(data.len());
            let length = u32::try_from(size + 4).unwrap_or(u32::MAX);
            input.extend_from_slice(&[tag]);
            input.extend_from_slice(&length.to_be_bytes());
            input.extend_from_slice(&data[..size]);
            data.advance(size);
            Ok(None)
        }
    };
    match queued {
        Ok(Some(index)) => *statements = (*statements).max(index + 1),
        Ok(None) => {}
        Err(_) => assert!(session.has_ended()),
    }
    true
}

/// What goes out are whole messages.
fn check_outgoing(session: &mut Session) {
    let mut out = session.outgoing().split();
    while !out.is_empty() {
        out.advance(1);
        let length = usize::try_from(out.get_u32()).unwrap_or(usize::MAX);
        assert!(length >= 4);
        out.advance(length - 4);
    }
}

fn statement(event: &Event) -> Option<usize> {
    match event {
        Event::ParseComplete { statement }
        | Event::RowDescription { statement, .. }
        | Event::DataRow { statement, .. }
        | Event::CommandComplete { statement, .. }
        | Event::EmptyQuery { statement }
        | Event::CopyIn { statement, .. }
        | Event::CopyOut { statement, .. }
        | Event::CopyData { statement, .. }
        | Event::CopyDone { statement } => Some(*statement),
        Event::Error { statement, .. } | Event::Notice { statement, .. } => *statement,
        Event::Notification { .. } | Event::Ready { .. } => None,
    }
}
