//! Input that a user can interrupt: a script from standard input, which may never come.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use crate::connect::Interrupt;

/// How much is read at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// How often somebody looks whether the user wants to stop.
const LOOK: Duration = Duration::from_millis(50);

/// `input`, read in a thread of its own, so that waiting for it ends with an error when the user interrupts. The
/// thread ends with the input, or with the process.
pub fn interruptible(
    input: impl Read + Send + 'static,
    interrupt: &Interrupt,
) -> impl Read + Send + 'static {
    let (sender, chunks) = sync_channel(2);
    let mut input = input;
    std::thread::spawn(move || {
        loop {
            let mut chunk = vec![0; CHUNK];
            let read = match input.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map(|len| {
                    chunk.truncate(len);
                    chunk
                }),
            };
            let last = read.as_ref().map_or(true, Vec::is_empty);
            if sender.send(read).is_err() || last {
                return;
            }
        }
    });
    Interruptible {
        chunks,
        current: io::Cursor::new(Vec::new()),
        interrupt: interrupt.clone(),
    }
}

struct Interruptible {
    chunks: Receiver<io::Result<Vec<u8>>>,
    current: io::Cursor<Vec<u8>>,
    interrupt: Interrupt,
}

impl Read for Interruptible {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.current.read(buffer)?;
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        loop {
            match self.chunks.recv_timeout(LOOK) {
                Ok(chunk) => {
                    self.current = io::Cursor::new(chunk?);
                    return self.current.read(buffer);
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
                Err(RecvTimeoutError::Timeout) if self.interrupt.requested() => {
                    return Err(io::Error::other("interrupted"));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_through() -> io::Result<()> {
        let bytes: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
        let mut input = interruptible(io::Cursor::new(bytes.clone()), &Interrupt::never());
        let mut read = Vec::new();
        input.read_to_end(&mut read)?;
        assert_eq!(read, bytes);
        assert_eq!(input.read(&mut [0; 8])?, 0, "the end stays the end");
        Ok(())
    }

    #[test]
    fn waiting_ends_with_an_interrupt() -> io::Result<()> {
        let (silent, _open) = std::os::unix::net::UnixStream::pair()?;
        let (interrupter, interrupt) = Interrupt::new();
        let mut input = interruptible(silent, &interrupt);
        interrupter.interrupt();
        assert!(input.read(&mut [0; 8]).is_err());
        Ok(())
    }
}
