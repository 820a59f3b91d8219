//! A bad network between a client and a server: it delays, cuts, or delivers byte by byte.
//! Plain threads and blocking sockets, so that nothing here shares code with what is tested.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What the network does. By default it passes everything on at once.
#[derive(Clone, Default)]
pub(crate) struct Network {
    delay: Duration,
    cut_after_server: Option<usize>,
    cut_after_client: Option<usize>,
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

    /// Every byte is a packet of its own.
    pub(crate) fn byte_by_byte(mut self) -> Self {
        self.byte_by_byte = true;
        self
    }

    /// Puts this network in front of a TCP port on 127.0.0.1.
    pub(crate) fn before_port(self, port: u16) -> Proxy {
        Proxy::start(self, move || {
            TcpStream::connect(("127.0.0.1", port)).map(Socket::Tcp)
        })
    }

    /// Puts this network in front of a unix socket.
    pub(crate) fn before_socket(self, path: PathBuf) -> Proxy {
        Proxy::start(self, move || UnixStream::connect(&path).map(Socket::Unix))
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
        connect: impl Fn() -> std::io::Result<Socket> + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // When the server is down, the client sees its connection close.
                if let Ok(server) = connect() {
                    join(&network, Socket::Tcp(client), server);
                }
            }
        });
        Self { port }
    }
}

fn join(network: &Network, client: Socket, server: Socket) {
    carry(
        network,
        network.cut_after_client,
        client.clone(),
        server.clone(),
    );
    carry(network, network.cut_after_server, server, client);
}

/// Carries what `from` sends to `to`, in two threads: one notes when bytes came, one hands them out in time.
fn carry(network: &Network, cut_after: Option<usize>, from: Socket, mut to: Socket) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    let (delay, byte_by_byte) = (network.delay, network.byte_by_byte);
    let mut reader = from.clone();
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
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let bytes = &bytes[..bytes.len().min(left)];
            left -= bytes.len();
            let sent = if byte_by_byte {
                bytes.chunks(1).try_for_each(|byte| to.write_all(byte))
            } else {
                to.write_all(bytes)
            };
            if left == 0 {
                from.shutdown(Shutdown::Both);
                to.shutdown(Shutdown::Both);
            }
            if sent.is_err() || left == 0 {
                return;
            }
        }
        to.shutdown(Shutdown::Write);
    });
}

enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    fn shutdown(&self, how: Shutdown) {
        // The other side may have closed it already.
        let _ = match self {
            Self::Tcp(socket) => socket.shutdown(how),
            Self::Unix(socket) => socket.shutdown(how),
        };
    }
}

impl Clone for Socket {
    fn clone(&self) -> Self {
        match self {
            Self::Tcp(socket) => {
                socket.set_nodelay(true).unwrap();
                Self::Tcp(socket.try_clone().unwrap())
            }
            Self::Unix(socket) => Self::Unix(socket.try_clone().unwrap()),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.read(buffer),
            Self::Unix(socket) => socket.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Tcp(socket) => socket.write(bytes),
            Self::Unix(socket) => socket.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
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
