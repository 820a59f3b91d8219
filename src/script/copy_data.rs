//! The end of inline COPY data: the line `\.`.
//!
//! Works on whatever part of the data is at hand and says how much of it surely is data. Pure.

use memchr::memmem;

/// Where COPY data ends.
pub(super) enum CopyEnd {
    /// Behind `data` bytes, with an end line of `len` bytes.
    At { data: usize, len: usize },
    /// Not within this many bytes.
    NotBefore(usize),
}

/// Looks for the line `\.`; the end of the file ends a line too.
pub(super) fn find_copy_end(data: &[u8], line_start: bool, complete: bool) -> CopyEnd {
    if line_start {
        match end_line(data, complete) {
            EndLine::Yes(len) => return CopyEnd::At { data: 0, len },
            EndLine::Perhaps => return CopyEnd::NotBefore(0),
            EndLine::No => {}
        }
    }
    for found in memmem::find_iter(data, b"\n\\.") {
        let line = found + 1;
        match end_line(data.get(line..).unwrap_or_default(), complete) {
            EndLine::Yes(len) => return CopyEnd::At { data: line, len },
            EndLine::Perhaps => return CopyEnd::NotBefore(line),
            EndLine::No => {}
        }
    }
    if complete {
        return CopyEnd::NotBefore(data.len());
    }
    // The last line may be the beginning of an end line.
    let tail = data.len().saturating_sub(2);
    let tail_line = memchr::memrchr(b'\n', data.get(tail..).unwrap_or_default());
    CopyEnd::NotBefore(tail_line.map_or(data.len(), |newline| tail + newline + 1))
}

/// Whether a line is the end line.
enum EndLine {
    Yes(usize),
    No,
    Perhaps,
}

fn end_line(line: &[u8], complete: bool) -> EndLine {
    match line {
        [b'\\', b'.', b'\n', ..] => EndLine::Yes(3),
        [b'\\', b'.', b'\r', b'\n', ..] => EndLine::Yes(4),
        [b'\\', b'.'] | [b'\\', b'.', b'\r'] if complete => EndLine::Yes(line.len()),
        [] | [b'\\'] | [b'\\', b'.'] | [b'\\', b'.', b'\r'] if !complete => EndLine::Perhaps,
        _ => EndLine::No,
    }
}
