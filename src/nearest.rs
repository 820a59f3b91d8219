//! "Did you mean": the known name that is most like what was written. Pure, and below every other module.

/// The candidate most like `word`, when it is near enough to be what was meant. Case does not count in `word`.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 2 && *distance < candidate.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn it_needs_likeness() {
        let names = ["host", "port", "user", "sslmode"];
        assert_eq!(nearest("sslmod", names), Some("sslmode"));
        assert_eq!(nearest("usr", names), Some("user"));
        assert_eq!(nearest("PORT", names), Some("port"));
        assert_eq!(nearest("frobnicate", names), None);
        assert_eq!(nearest("", names), None);
    }
}
