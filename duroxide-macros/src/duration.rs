//! Times as people write them: a whole number and its unit.

const UNITS: &[(&str, u64)] = &[
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// What to write instead of what is wrong.
pub(crate) const HELP: &str =
    "write a whole number and its unit: `\"200ms\"`, `\"30s\"`, `\"5m\"`, `\"1h\"` or `\"3d\"`";

/// The milliseconds of `200ms`, `30s`, `5m`, `1h`, `3d`.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn millis(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err("does not begin with a whole number".to_owned());
    }
    if unit.is_empty() {
        return Err("has no unit".to_owned());
    }
    let Some((_, millis)) = UNITS.iter().find(|(known, _)| *known == unit) else {
        return Err(format!("has the unknown unit `{unit}`"));
    };
    let product = number
        .parse()
        .ok()
        .and_then(|it: u64| it.checked_mul(*millis));
    product.ok_or_else(|| "is longer than can be counted".to_owned())
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn every_unit_is_understood() {
        for (text, expected) in [
            ("0s", 0),
            ("200ms", 200),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h", 3_600_000),
            ("3d", 259_200_000),
            ("18446744073709551615ms", u64::MAX),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, expected) in [
            ("", "does not begin with a whole number"),
            ("-1s", "does not begin with a whole number"),
            (" 1s", "does not begin with a whole number"),
            ("s", "does not begin with a whole number"),
            ("30", "has no unit"),
            ("30 s", "has the unknown unit ` s`"),
            ("1.5s", "has the unknown unit `.5s`"),
            ("5min", "has the unknown unit `min`"),
            ("1h30m", "has the unknown unit `h30m`"),
            ("٣s", "does not begin with a whole number"),
            ("18446744073709551615s", "is longer than can be counted"),
            ("99999999999999999999ms", "is longer than can be counted"),
        ] {
            assert_eq!(millis(text).unwrap_err(), expected, "{text}");
        }
    }
}
