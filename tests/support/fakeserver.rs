//! A server that plays a script: what it expects, what it says, and how badly the network carries it.
//!
//! For what no real server does on purpose: broken messages, a wrong proof, a connection cut at a byte. The
//! builders at the end make messages of the server, for tests that feed a session without a socket too.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

/// One step of a script.
enum Step {
    /// Reads the startup packet.
    Startup,
    /// Reads one message, which must have this tag.
    Expect(u8),
    /// Reads messages up to and with one of this tag.
    ExpectUntil(u8),
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Answers a SCRAM client's first message with a challenge that continues its nonce.
    ScramChallenge,
    /// Closes the connection.
    Cut,
}

/// What the server does, in order. At the end of it, it reads until the client closes.
#[derive(Default)]
pub(crate) struct Script {
    steps: Vec<Step>,
    byte_by_byte: bool,
}

impl Script {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes the startup packet, asks for nothing, and is ready.
    pub(crate) fn welcome() -> Self {
        Self::new().startup().send(&[
            authentication(0, b""),
            parameter_status("server_version", "15.18 (Debian 15.18-0+deb12u1)"),
            backend_key_data(4242, &[1, 2, 3, 4]),
            ready(b'I'),
        ])
    }

    pub(crate) fn startup(self) -> Self {
        self.step(Step::Startup)
    }

    pub(crate) fn expect(self, tag: u8) -> Self {
        self.step(Step::Expect(tag))
    }

    pub(crate) fn expect_until(self, tag: u8) -> Self {
        self.step(Step::ExpectUntil(tag))
    }

    pub(crate) fn send(self, messages: &[Vec<u8>]) -> Self {
        self.step(Step::Send(messages.concat()))
    }

    pub(crate) fn scram_challenge(self) -> Self {
        self.step(Step::ScramChallenge)
    }

    pub(crate) fn cut(self) -> Self {
        self.step(Step::Cut)
    }

    /// Sends every byte in a packet of its own.
    pub(crate) fn byte_by_byte(mut self) -> Self {
        self.byte_by_byte = true;
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// Plays the script to the first who connects.
    pub(crate) fn play(self) -> FakeServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let player = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(30)))
                .unwrap();
            Player {
                stream,
                byte_by_byte: self.byte_by_byte,
                heard: Vec::new(),
            }
            .play(self.steps)
        });
        FakeServer { address, player }
    }
}

/// A script under way.
pub(crate) struct FakeServer {
    address: SocketAddr,
    player: JoinHandle<Vec<Message>>,
}

impl FakeServer {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the client said, once the script has ended and the client has gone. Panics when the client did not
    /// say what the script expects.
    pub(crate) fn heard(self) -> Vec<Message> {
        match self.player.join() {
            Ok(heard) => heard,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// A message of the client; the startup packet has the tag 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) tag: u8,
    pub(crate) body: Vec<u8>,
}

struct Player {
    stream: TcpStream,
    byte_by_byte: bool,
    heard: Vec<Message>,
}

impl Player {
    fn play(mut self, steps: Vec<Step>) -> Vec<Message> {
        for step in steps {
            match step {
                Step::Startup => {
                    let body = self.read_packet().expect("the client left");
                    self.heard.push(Message { tag: 0, body });
                }
                Step::Expect(tag) => {
                    let message = self.read().expect("the client left");
                    assert_eq!(char::from(message.tag), char::from(tag), "{message:?}");
                    self.heard.push(message);
                }
                Step::ExpectUntil(tag) => loop {
                    let message = self.read().expect("the client left");
                    let last = message.tag == tag;
                    self.heard.push(message);
                    if last {
                        break;
                    }
                },
                Step::Send(bytes) => self.send(&bytes),
                Step::ScramChallenge => {
                    let challenge = self.scram_challenge();
                    self.send(&challenge);
                }
                Step::Cut => {
                    let _ = self.stream.shutdown(Shutdown::Both);
                    return self.heard;
                }
            }
        }
        while let Some(message) = self.read() {
            self.heard.push(message);
        }
        self.heard
    }

    /// Fails in silence: the client may have had enough, and says so itself.
    fn send(&mut self, bytes: &[u8]) {
        if !self.byte_by_byte {
            let _ = self.stream.write_all(bytes);
            return;
        }
        for byte in bytes {
            let _ = self.stream.write_all(&[*byte]);
            std::thread::yield_now();
        }
    }

    /// `SASLInitialResponse` is a mechanism, a length, and `..,,n=,r=NONCE`.
    fn scram_challenge(&self) -> Vec<u8> {
        let first = self.heard.last().unwrap();
        let text = String::from_utf8_lossy(&first.body);
        let (_, nonce) = text.rsplit_once("r=").unwrap();
        let challenge = format!("r={nonce}server,s=c2FsdA==,i=4096");
        authentication(11, challenge.as_bytes())
    }

    /// A message; `None` when the client has gone.
    fn read(&mut self) -> Option<Message> {
        let mut tag = [0];
        self.stream.read_exact(&mut tag).ok()?;
        let body = self.read_packet()?;
        Some(Message { tag: tag[0], body })
    }

    fn read_packet(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).ok()?;
        let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
        self.stream.read_exact(&mut body).ok()?;
        Some(body)
    }
}

/// A message of the server.
pub(crate) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[tag], &length.to_be_bytes()[..], body].concat()
}

pub(crate) fn authentication(code: u32, rest: &[u8]) -> Vec<u8> {
    message(b'R', &[&code.to_be_bytes(), rest].concat())
}

pub(crate) fn parameter_status(name: &str, value: &str) -> Vec<u8> {
    message(b'S', format!("{name}\0{value}\0").as_bytes())
}

pub(crate) fn backend_key_data(process: i32, secret: &[u8]) -> Vec<u8> {
    message(b'K', &[&process.to_be_bytes(), secret].concat())
}

pub(crate) fn ready(status: u8) -> Vec<u8> {
    message(b'Z', &[status])
}

pub(crate) fn command_complete(tag: &str) -> Vec<u8> {
    message(b'C', format!("{tag}\0").as_bytes())
}

/// An `ErrorResponse` (tag `E`) or a `NoticeResponse` (tag `N`), its fields as letter and text.
pub(crate) fn report(tag: u8, fields: &[(u8, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, text) in fields {
        body.push(*field);
        body.extend_from_slice(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    message(tag, &body)
}

pub(crate) fn error(severity: &str, code: &str, text: &str) -> Vec<u8> {
    report(b'E', &[(b'V', severity), (b'C', code), (b'M', text)])
}

pub(crate) fn notice(text: &str) -> Vec<u8> {
    report(b'N', &[(b'V', "NOTICE"), (b'C', "00000"), (b'M', text)])
}

/// Columns of type text.
pub(crate) fn row_description(names: &[&str]) -> Vec<u8> {
    let mut body = count(names.len());
    for name in names {
        body.extend_from_slice(name.as_bytes());
        body.push(0);
        body.extend_from_slice(&[0; 6]);
        body.extend_from_slice(&25_u32.to_be_bytes());
        body.extend_from_slice(&[0xff; 6]);
        body.extend_from_slice(&[0; 2]);
    }
    message(b'T', &body)
}

pub(crate) fn data_row(values: &[Option<&str>]) -> Vec<u8> {
    let mut body = count(values.len());
    for value in values {
        match value {
            Some(text) => {
                body.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
                body.extend_from_slice(text.as_bytes());
            }
            None => body.extend_from_slice(&[0xff; 4]),
        }
    }
    message(b'D', &body)
}

/// `CopyInResponse` (`G`) or `CopyOutResponse` (`H`) in the text format.
pub(crate) fn copy_response(tag: u8, columns: usize) -> Vec<u8> {
    let mut body = vec![0];
    body.extend(count(columns));
    body.extend(std::iter::repeat_n([0, 0], columns).flatten());
    message(tag, &body)
}

fn count(count: usize) -> Vec<u8> {
    u16::try_from(count).unwrap().to_be_bytes().to_vec()
}
