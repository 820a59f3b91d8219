//! Numbers as people read them: counts, sizes, durations. The only place that words them.

use std::time::Duration;

/// `1 table`, `12,345 tables`. `plural` is written out since English has no rule.
pub fn count(number: u64, singular: &str, plural: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { singular } else { plural }
    )
}

/// `12,345,678`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `812 B`, `4.0 KiB`, `1.2 GiB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // In tenths of the unit, so that no floating point rounds 1023.99 to 1024.0.
    let (mut tenths, mut unit) = (u128::from(bytes) * 10 / 1024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!(
        "{}.{} {}",
        tenths / 10,
        tenths % 10,
        UNITS.get(unit).copied().unwrap_or_default()
    )
}

/// `0.8 ms`, `12 ms`, `3.4 s`, `2 min 5 s`, `1 h 12 min`.
pub fn duration(time: Duration) -> String {
    let (millis, seconds) = (time.as_millis(), time.as_secs());
    match seconds {
        0 if millis < 10 => format!("{}.{} ms", millis, time.subsec_micros() % 1000 / 100),
        0 => format!("{millis} ms"),
        1..60 => format!("{seconds}.{} s", time.subsec_millis() / 100),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_and_plural() {
        assert_eq!(count(0, "table", "tables"), "0 tables");
        assert_eq!(count(1, "index", "indexes"), "1 index");
        assert_eq!(count(999, "table", "tables"), "999 tables");
        assert_eq!(count(1_234_567, "row", "rows"), "1,234,567 rows");
    }

    #[test]
    fn sizes_have_one_decimal() {
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1024), "1.0 KiB");
        assert_eq!(size(1024 * 1024 - 1), "1023.9 KiB");
        assert_eq!(size(1_288_490_189), "1.2 GiB");
        assert_eq!(size(u64::MAX), "15.9 EiB");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        assert_eq!(duration(Duration::from_micros(850)), "0.8 ms");
        assert_eq!(duration(Duration::from_millis(12)), "12 ms");
        assert_eq!(duration(Duration::from_millis(3_456)), "3.4 s");
        assert_eq!(duration(Duration::from_secs(125)), "2 min 5 s");
        assert_eq!(duration(Duration::from_secs(4_321)), "1 h 12 min");
    }
}
