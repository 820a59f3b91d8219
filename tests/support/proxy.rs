//! A bad network between a client and a server: it delays, cuts, or delivers byte by byte.
//! Plain threads and blocking sockets, so that nothing here shares code with what is tested.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What the network does. By default it passes everything on at once.
#[derive(Clone, Default)]
pub(crate) struct Network {
    delay: Duration,
    cut_after_server: Option<usize>,
    cut_after_client: Option<usize>,
    cut_before: Option<(&'static [u8], usize)>,
    byte_by_byte: bool,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Every byte arrives this much later, each way. Latency only: the rate stays what it was.
    pub(crate) fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Closes both sides once the server has sent this many bytes over one connection.
    pub(crate) fn cut_after_server(mut self, bytes: usize) -> Self {
        self.cut_after_server = Some(bytes);
        self
    }

    /// Closes both sides once the client has sent this many bytes over one connection.
    pub(crate) fn cut_after_client(mut self, bytes: usize) -> Self {
        self.cut_after_client = Some(bytes);
        self
    }

    /// Closes both sides instead of passing on what holds this text for the so manyth time, when the client sends it.
    pub(crate) fn cut_before(mut self, text: &'static str, time: usize) -> Self {
        self.cut_before = Some((text.as_bytes(), time));
        self
    }

    /// Every byte is a packet of its own.
    pub(crate) fn byte_by_byte(mut self) -> Self {
        self.byte_by_byte = true;
        self
    }

    /// Puts this network in front of a TCP port on 127.0.0.1.
    pub(crate) fn before_port(self, port: u16) -> Proxy {
        Proxy::start(self, move || TcpStream::connect(("127.0.0.1", port)))
    }
}

/// A running proxy. It goes on until the test process ends.
pub(crate) struct Proxy {
    port: u16,
}

impl Proxy {
    /// The port on 127.0.0.1 that clients come to.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn start(
        network: Network,
        connect: impl Fn() -> std::io::Result<TcpStream> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // When the server is down, the client sees its connection close.
                if let Ok(server) = connect() {
                    join(&network, client, server);
                }
            }
        });
        Self { port }
    }
}

fn join(network: &Network, client: TcpStream, server: TcpStream) {
    carry(
        network,
        network.cut_after_client,
        network.cut_before,
        again(&client),
        again(&server),
    );
    carry(network, network.cut_after_server, None, server, client);
}

/// Carries what `from` sends to `to`, in two threads: one notes when bytes came, one hands them out in time.
fn carry(
    network: &Network,
    cut_after: Option<usize>,
    cut_before: Option<(&'static [u8], usize)>,
    from: TcpStream,
    mut to: TcpStream,
) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    let (delay, byte_by_byte) = (network.delay, network.byte_by_byte);
    let mut reader = again(&from);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            if sender
                .send((Instant::now() + delay, buffer[..count].to_vec()))
                .is_err()
            {
                return;
            }
        }
    });
    thread::spawn(move || {
        let mut left = cut_after.unwrap_or(usize::MAX);
        let mut seen = 0;
        for (due, bytes) in receiver {
            if let Some((text, time)) = cut_before {
                seen += bytes
                    .windows(text.len())
                    .filter(|part| part == &text)
                    .count();
                left = if seen >= time { 0 } else { left };
            }
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let bytes = &bytes[..bytes.len().min(left)];
            left -= bytes.len();
            let sent = if byte_by_byte {
                bytes.chunks(1).try_for_each(|byte| to.write_all(byte))
            } else {
                to.write_all(bytes)
            };
            if left == 0 {
                close(&from, Shutdown::Both);
                close(&to, Shutdown::Both);
            }
            if sent.is_err() || left == 0 {
                return;
            }
        }
        close(&to, Shutdown::Write);
    });
}

/// A second handle on the same connection. What goes through is sent at once, as it came.
fn again(socket: &TcpStream) -> TcpStream {
    socket.set_nodelay(true).unwrap();
    socket.try_clone().unwrap()
}

/// Closes a connection, unless the other side has done so already.
fn close(socket: &TcpStream, how: Shutdown) {
    let _ = socket.shutdown(how);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that sends back what it gets, to one client.
    fn echo() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut reader, _) = listener.accept().unwrap();
            let mut writer = reader.try_clone().unwrap();
            std::io::copy(&mut reader, &mut writer)
        });
        port
    }

    fn say(proxy: &Proxy, text: &[u8]) -> Vec<u8> {
        let mut client = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
        client.write_all(text).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        // A cut may show as a reset; what arrived before it counts.
        let _ = client.read_to_end(&mut answer);
        answer
    }

    #[test]
    fn delays_each_way_and_loses_nothing() {
        let begin = Instant::now();
        let proxy = Network::new()
            .delay(Duration::from_millis(30))
            .byte_by_byte()
            .before_port(echo());
        assert_eq!(say(&proxy, b"over and out"), b"over and out");
        assert!(begin.elapsed() >= Duration::from_millis(60));
    }

    #[test]
    fn cuts_after_so_many_bytes() {
        let proxy = Network::new().cut_after_server(4).before_port(echo());
        assert_eq!(say(&proxy, b"over and out"), b"over");
        let proxy = Network::new().cut_after_client(2).before_port(echo());
        assert!(b"ov".starts_with(&say(&proxy, b"over and out")));
    }
}
