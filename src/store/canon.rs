//! Canonical bytes: JSON text with one spelling only (docs/FORMAT.md, "Hashes and canonical bytes").
//!
//! [`check`] decides whether bytes are canonical without building a value; [`encode`] writes a serde value in that spelling.
//! Pure. It does not know what the fields mean.

use serde::Serialize;

/// How deep arrays and objects may nest; the same limit as `serde_json`'s.
const MAX_DEPTH: usize = 127;

/// Why bytes are not canonical, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not canonical JSON at byte {offset}: {problem}")]
pub struct NotCanonical {
    /// Offset of the first byte that is wrong.
    pub offset: usize,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// The canonical bytes of `value`. Its fields must come in their documented order and hold no floating point numbers.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(value)
}

/// Checks that `bytes` are canonical JSON: exactly what `serde_json` writes compactly, without fractions or repeated keys.
pub fn check(bytes: &[u8]) -> Result<(), NotCanonical> {
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err(NotCanonical {
            offset: error.valid_up_to(),
            problem: "not UTF-8",
        });
    }
    let mut reader = Reader {
        bytes,
        at: 0,
        keys: Vec::new(),
    };
    reader.value(0)?;
    if reader.at < bytes.len() {
        return Err(reader.wrong("something after the value"));
    }
    Ok(())
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The keys of the objects that are open, one behind the other.
    keys: Vec<&'a [u8]>,
}

impl<'a> Reader<'a> {
    fn wrong(&self, problem: &'static str) -> NotCanonical {
        NotCanonical {
            offset: self.at,
            problem,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn need(&mut self, byte: u8, problem: &'static str) -> Result<(), NotCanonical> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.wrong(problem))
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), NotCanonical> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.integer(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(_) => Err(self.wrong("a value must begin here")),
            None => Err(self.wrong("it ends too early")),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), NotCanonical> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.wrong("a value must begin here"));
        }
        self.at += word.len();
        Ok(())
    }

    fn open(&mut self, depth: usize) -> Result<(), NotCanonical> {
        if depth >= MAX_DEPTH {
            return Err(self.wrong("nested too deep"));
        }
        self.at += 1;
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), NotCanonical> {
        self.open(depth)?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            if self.take(b']') {
                return Ok(());
            }
            self.need(b',', "`,` or `]` must be here")?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), NotCanonical> {
        let start = self.at;
        self.open(depth)?;
        if self.take(b'}') {
            return Ok(());
        }
        let first = self.keys.len();
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a key must begin here"));
            }
            let key = self.string()?;
            self.keys.push(key);
            self.need(b':', "`:` must be here")?;
            self.value(depth + 1)?;
            if self.take(b'}') {
                break;
            }
            self.need(b',', "`,` or `}` must be here")?;
        }
        // A string has one spelling, so equal keys are equal bytes.
        let keys = self.keys.get_mut(first..).unwrap_or_default();
        keys.sort_unstable();
        let twice = keys.array_windows().any(|[a, b]| a == b);
        self.keys.truncate(first);
        if twice {
            return Err(NotCanonical {
                offset: start,
                problem: "a key twice in this object",
            });
        }
        Ok(())
    }

    /// A string; the result is its spelling with the quotes.
    fn string(&mut self) -> Result<&'a [u8], NotCanonical> {
        let start = self.at;
        self.at += 1;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let is_plain = |byte: &&u8| **byte > 0x1f && **byte != b'"' && **byte != b'\\';
            self.at += rest.iter().take_while(is_plain).count();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(self.bytes.get(start..self.at).unwrap_or_default());
                }
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.wrong("a control character must be escaped")),
                None => return Err(self.wrong("it ends too early")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), NotCanonical> {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        let length = match rest {
            [b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 2,
            // What has a short form has no long one.
            [b'u', b'0', b'0', b'0', b'8' | b'9' | b'a' | b'c' | b'd', ..] => 0,
            [b'u', b'0', b'0', b'0' | b'1', b'0'..=b'9' | b'a'..=b'f', ..] => 6,
            _ => 0,
        };
        if length == 0 {
            return Err(self.wrong("an escape that is not the shortest form"));
        }
        self.at += length;
        Ok(())
    }

    fn integer(&mut self) -> Result<(), NotCanonical> {
        let start = self.at;
        let negative = self.take(b'-');
        let first = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        let wrong = |problem| NotCanonical {
            offset: start,
            problem,
        };
        let digits = self.bytes.get(first..self.at).unwrap_or_default();
        match digits {
            [] => return Err(wrong("a digit is missing")),
            [b'0', _, ..] => return Err(wrong("a leading zero")),
            [b'0'] if negative => return Err(wrong("minus zero")),
            _ => {}
        }
        if matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            return Err(wrong("a number that is not an integer"));
        }
        let text = self
            .bytes
            .get(start..self.at)
            .and_then(|b| std::str::from_utf8(b).ok())
            .unwrap_or_default();
        let fits = text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
        if fits {
            Ok(())
        } else {
            Err(wrong("an integer that does not fit in 64 bits"))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\x00-\\x20\"\\\\]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_canonical(value in values()) {
            prop_assert_eq!(check(&encode(&value).unwrap()), Ok(()));
        }

        #[test]
        fn no_other_spelling_is(value in values(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let bytes = encode(&value).unwrap();
            let mut other = bytes.clone();
            let at = at.index(other.len());
            other[at] = byte;
            // Canonical bytes mean one value, and that value is written back as these bytes.
            if check(&other).is_ok() {
                let value: Value = serde_json::from_slice(&other).unwrap();
                let mut written = encode(&value).unwrap();
                // `Value` sorts keys, so only compare as multisets of bytes.
                written.sort_unstable();
                other.sort_unstable();
                prop_assert_eq!(written, other);
            }
        }
    }

    #[test]
    fn refused() {
        let cases: [(&str, &str); 22] = [
            ("", "it ends too early"),
            (" 1", "a value must begin here"),
            ("1 ", "something after the value"),
            ("[1, 2]", "a value must begin here"),
            ("{\"a\": 1}", "a value must begin here"),
            ("{\"a\":1,\"a\":2}", "a key twice in this object"),
            ("{a:1}", "a key must begin here"),
            ("[1,]", "a value must begin here"),
            ("01", "a leading zero"),
            ("-0", "minus zero"),
            ("-", "a digit is missing"),
            ("1.0", "a number that is not an integer"),
            ("1e3", "a number that is not an integer"),
            (
                "18446744073709551616",
                "an integer that does not fit in 64 bits",
            ),
            (
                "-9223372036854775809",
                "an integer that does not fit in 64 bits",
            ),
            ("\"\\/\"", "an escape that is not the shortest form"),
            ("\"\\u000A\"", "an escape that is not the shortest form"),
            ("\"\\u000a\"", "an escape that is not the shortest form"),
            ("\"\\u0041\"", "an escape that is not the shortest form"),
            ("\"\n\"", "a control character must be escaped"),
            ("\"abc", "it ends too early"),
            ("nul", "a value must begin here"),
        ];
        for (text, problem) in cases {
            assert_eq!(
                check(text.as_bytes()).unwrap_err().problem,
                problem,
                "{text}"
            );
        }
        assert_eq!(
            check(b"\"\xff\"").unwrap_err(),
            NotCanonical {
                offset: 1,
                problem: "not UTF-8"
            }
        );
    }

    #[test]
    fn accepted() {
        for text in [
            "18446744073709551615",
            "-9223372036854775808",
            "\"\\u001f\\b\u{7f}\"",
            "{}",
            "[]",
            "[[],{\"\":null}]",
        ] {
            assert_eq!(check(text.as_bytes()), Ok(()), "{text}");
        }
    }

    #[test]
    fn depth_is_what_serde_reads() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(check(nested(127).as_bytes()).is_ok());
        assert!(serde_json::from_str::<Value>(&nested(127)).is_ok());
        assert!(check(nested(128).as_bytes()).is_err());
        assert!(serde_json::from_str::<Value>(&nested(128)).is_err());
        assert!(check(nested(1_000_000).as_bytes()).is_err());
    }
}
