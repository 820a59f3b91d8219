//! A place in one of the files of a script, as messages name it.
//!
//! Knows files by name; reads one only to show a line of it.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use super::place::Place;

/// How far a line is looked for on each side of a place, in bytes. Longer ones are not shown.
const REACH: u64 = 64 << 10;

/// The name of a script, and where it can be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    /// As the user or the script wrote it; `-` for standard input.
    pub shown: String,
    /// `None` for what cannot be read again.
    pub path: Option<PathBuf>,
}

/// A place in one of the files of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub file: Arc<FileName>,
    /// Where in it.
    pub place: Place,
}

impl Location {
    /// Another place in the same file.
    #[must_use]
    pub fn at(&self, place: Place) -> Location {
        Location {
            file: Arc::clone(&self.file),
            place,
        }
    }

    /// The start of the line that comes `lines` lines further down. Its offset is looked up in the file; where that
    /// cannot be read again it stays what it was.
    #[must_use]
    pub fn line_below(&self, lines: u64) -> Location {
        let offset = self.offset_below(lines).unwrap_or(self.place.offset);
        self.at(Place {
            offset,
            line: self.place.line + lines,
            column: 1,
        })
    }

    fn offset_below(&self, mut lines: u64) -> Option<u64> {
        if lines == 0 {
            return None;
        }
        let mut file = File::open(self.file.path.as_ref()?).ok()?;
        file.seek(SeekFrom::Start(self.place.offset)).ok()?;
        let mut offset = self.place.offset;
        let mut chunk = vec![0; 64 << 10];
        loop {
            let len = file.read(&mut chunk).ok().filter(|len| *len > 0)?;
            for newline in memchr::memchr_iter(b'\n', chunk.get(..len)?) {
                lines -= 1;
                if lines == 0 {
                    return Some(offset + newline as u64 + 1);
                }
            }
            offset += len as u64;
        }
    }

    /// The line that stands there, without its end, read again from the file. `None` where that cannot be done:
    /// standard input, a line that does not end within some kilobytes.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        let mut file = File::open(self.file.path.as_ref()?).ok()?;
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        let from = self.place.offset.saturating_sub(REACH);
        file.seek(SeekFrom::Start(from)).ok()?;
        let mut bytes = Vec::new();
        file.take(2 * REACH).read_to_end(&mut bytes).ok()?;
        let at = usize::try_from(self.place.offset - from).ok()?;
        line_around(&bytes, at, from == 0)
    }
}

/// The line around byte `at` of `bytes`, which begin with the file if `whole`.
fn line_around(bytes: &[u8], at: usize, whole: bool) -> Option<String> {
    let (before, after) = bytes.split_at_checked(at)?;
    let start = match memchr::memrchr(b'\n', before) {
        Some(newline) => newline + 1,
        None if whole => 0,
        None => return None,
    };
    let end = match memchr::memchr(b'\n', after) {
        Some(newline) => at + newline,
        None if after.len() as u64 + 1 < REACH => bytes.len(),
        None => return None,
    };
    let line = String::from_utf8_lossy(bytes.get(start..end)?);
    // A byte order mark is no character of the first line.
    let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
    Some(line.trim_end_matches('\r').to_owned())
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.shown, self.place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_again() -> std::io::Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        let text = format!("\u{feff}{}\r\nSELECT é nope;\nend", "y".repeat(200_000));
        std::fs::write(file.path(), &text)?;
        let name = FileName {
            shown: "s".to_owned(),
            path: Some(file.path().to_owned()),
        };
        let name = Arc::new(name);
        let line = |needle: &str| {
            let before = text.split(needle).next().unwrap_or_default();
            let place = Place::START.after(before.as_bytes());
            Location {
                file: Arc::clone(&name),
                place,
            }
            .line()
        };
        assert_eq!(line("nope").as_deref(), Some("SELECT é nope;"));
        assert_eq!(line("end").as_deref(), Some("end"));
        assert_eq!(line("yyy"), None, "too long");
        let below = Location {
            file: name,
            place: Place::START,
        }
        .line_below(2);
        assert_eq!(
            (below.place.line, below.line().as_deref()),
            (3, Some("end"))
        );
        Ok(())
    }
}
