//! What a name and a version may look like. The registries check the same at run time; here the
//! error stands at the literal.

const MAX_NAME_BYTES: usize = 128;

/// Whether the store takes it as a name.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/@-".contains(c);
    if name.is_empty() {
        Err("is empty".to_owned())
    } else if name.len() > MAX_NAME_BYTES {
        Err(format!(
            "is {} bytes long; {MAX_NAME_BYTES} are allowed",
            name.len()
        ))
    } else if name.starts_with("__") {
        Err("starts with `__`, which is reserved".to_owned())
    } else if let Some(wrong) = name.chars().find(|&c| !allowed(c)) {
        Err(format!(
            "contains {wrong:?}; letters, digits and `._:/@-` are allowed"
        ))
    } else {
        Ok(())
    }
}

/// Whether it is a semantic version: three numbers, perhaps a pre-release and a build.
pub(crate) fn is_semantic_version(text: &str) -> bool {
    let (text, build) = text.split_once('+').map_or((text, None), cut);
    let (numbers, pre_release) = text.split_once('-').map_or((text, None), cut);
    let numbers: Vec<_> = numbers.split('.').collect();
    numbers.len() == 3
        && numbers.iter().all(|number| is_number(number))
        && pre_release.is_none_or(|text| text.split('.').all(is_pre_release))
        && build.is_none_or(|text| text.split('.').all(is_identifier))
}

fn cut<'a>((text, rest): (&'a str, &'a str)) -> (&'a str, Option<&'a str>) {
    (text, Some(rest))
}

fn is_number(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits && (text == "0" || !text.starts_with('0')) && text.parse::<u64>().is_ok()
}

fn is_pre_release(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    is_identifier(text) && (!digits || text == "0" || !text.starts_with('0'))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_semantic() {
        for good in [
            "0.0.0",
            "1.2.3",
            "1.0.0-alpha.1",
            "1.0.0-0a+b.01",
            "10.20.30+x-y",
        ] {
            assert!(is_semantic_version(good), "{good}");
        }
        for bad in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "01.2.3",
            "1.2.x",
            "v1.2.3",
            "1.2.3-",
            "1.2.3-01",
            "1.2.3+",
            "1..2",
            "1.2.3-a_b",
            " 1.2.3",
            "1.2.99999999999999999999",
        ] {
            assert!(!is_semantic_version(bad), "{bad}");
        }
    }

    #[test]
    fn names_are_plain() {
        for good in ["a", "billing::charge", "a.b/c@2-d_e", &"x".repeat(128)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "__a", "a b", "ü", &"x".repeat(129)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
