//! How the values of a column are stored, in the words of ALTER TABLE (`pg_attribute.attstorage` and `attcompression`;
//! manual, chapter "System Catalogs"). Of tables and of materialized views.

use super::Str;
use super::row::RowError;

/// The storage of a column; empty when it is that of the type.
pub(super) fn storage(letter: char, of_type: char) -> Result<Str, RowError> {
    Ok(match letter {
        letter if letter == of_type => Str::default(),
        'p' => "PLAIN".into(),
        'e' => "EXTERNAL".into(),
        'm' => "MAIN".into(),
        'x' => "EXTENDED".into(),
        other => return Err(RowError::new("attstorage", format!("{other:?} is new"))),
    })
}

/// The compression method of a column; empty when it is the server's default.
pub(super) fn compression(letter: Option<char>) -> Result<Str, RowError> {
    Ok(match letter {
        None => Str::default(),
        Some('p') => "pglz".into(),
        Some('l') => "lz4".into(),
        Some(other) => {
            return Err(RowError::new("attcompression", format!("{other:?} is new")));
        }
    })
}
