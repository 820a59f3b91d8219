//! The line of a script that a message points at, and where in it the caret goes.
//!
//! Reads a few kilobytes of the file again instead of keeping lines while the script streams by. What cannot
//! be read again (standard input) has no excerpt; a message can do without one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use super::place::Place;

/// How much of a line is shown on each side of the caret, in characters.
const MARGIN: usize = 60;

/// One line of a script, cut to what fits on a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, tabs as blanks; `...` stands for what was cut off.
    pub line: String,
    /// How many characters of it come before the caret.
    pub caret: usize,
}

impl Excerpt {
    /// The line of `place` in the file at `path`; `None` when it cannot be read again.
    #[must_use]
    pub fn of_file(path: &Path, place: Place) -> Option<Excerpt> {
        // Characters are at most 4 bytes long, and only MARGIN of them are shown.
        let reach = 4 * MARGIN as u64 + 8;
        let from = place.offset.saturating_sub(reach);
        let mut file = File::open(path).ok()?;
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        file.seek(SeekFrom::Start(from)).ok()?;
        let mut bytes = Vec::new();
        file.take(2 * reach).read_to_end(&mut bytes).ok()?;
        let at = usize::try_from(place.offset - from).ok()?;
        Some(Excerpt::of_text(&bytes, at.min(bytes.len()), from > 0))
    }

    /// The line around byte `at` of `text`; `cut`: the text begins somewhere in a line.
    #[must_use]
    pub fn of_text(text: &[u8], at: usize, cut: bool) -> Excerpt {
        let (before, after) = text.split_at(at.min(text.len()));
        let line_start = memchr::memrchr(b'\n', before).map(|newline| newline + 1);
        let before = before.get(line_start.unwrap_or(0)..).unwrap_or_default();
        let line_end = memchr::memchr2(b'\n', b'\r', after).unwrap_or(after.len());
        let after = after.get(..line_end).unwrap_or_default();

        let before: Vec<char> = String::from_utf8_lossy(before).chars().collect();
        let after: Vec<char> = String::from_utf8_lossy(after).chars().collect();
        let cut_before = before.len() > MARGIN || (cut && line_start.is_none());
        let cut_after = after.len() > MARGIN;
        let shown = before.iter().skip(before.len().saturating_sub(MARGIN));
        let mut line = String::from(if cut_before { "..." } else { "" });
        line.extend(shown.copied().map(printable));
        let caret = line.chars().count();
        line.extend(after.iter().take(MARGIN).copied().map(printable));
        line.push_str(if cut_after { "..." } else { "" });
        Excerpt { line, caret }
    }
}

/// One character stays one column.
fn printable(character: char) -> char {
    if character.is_control() {
        ' '
    } else {
        character
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str, at: usize) -> String {
        let Excerpt { line, caret } = Excerpt::of_text(text.as_bytes(), at, false);
        format!("{line}\n{}^", " ".repeat(caret))
    }

    #[test]
    fn the_caret_stands_under_the_place() {
        assert_eq!(show("a\n\té FRM t\r\nb", 6), " é FRM t\n   ^");
        assert_eq!(show("abc", 3), "abc\n   ^");
    }

    #[test]
    fn long_lines_are_cut() {
        let text = "x".repeat(500);
        let excerpt = Excerpt::of_text(text.as_bytes(), 250, false);
        assert_eq!(excerpt.line, format!("...{}...", "x".repeat(2 * MARGIN)));
        assert_eq!(excerpt.caret, MARGIN + 3);
    }

    #[test]
    fn a_file_is_read_again() -> std::io::Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        let text = format!("{}\nSELECT é nope;\n", "y".repeat(5000));
        std::fs::write(file.path(), &text)?;
        let place = Place::START.after(text.split("nope").next().unwrap_or_default().as_bytes());
        let excerpt = Excerpt::of_file(file.path(), place);
        let expected = Excerpt {
            line: "SELECT é nope;".to_owned(),
            caret: 9,
        };
        assert_eq!(excerpt, Some(expected));
        Ok(())
    }
}
