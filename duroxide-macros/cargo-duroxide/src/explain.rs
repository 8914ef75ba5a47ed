//! The pages of the rules.

macro_rules! pages {
    ($($id:ident)*) => {
        const PAGES: &[(&str, &str)] = &[$((
            stringify!($id),
            include_str!(concat!("../../../docs/lints/", stringify!($id), ".md")),
        )),*];
    };
}

pages! {
    DX0001 DX0002 DX0003 DX0004 DX0005 DX0006 DX0007 DX0101
    DX0102 DX0103 DX0104 DX0105 DX0106 DX0107 DX0108 DX0109
    DX0110 DX0111 DX0112 DX0113 DX0114 DX0115 DX0116 DX0117
    DX0201 DX0202 DX0203 DX0204 DX0301 DX0302 DX0303 DX0304
    DX0401 DX0402 DX0501
}

/// The page of a rule.
pub fn explain(id: &str) -> Option<&'static str> {
    let page = PAGES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(id));
    page.map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use duroxide_lint::table::RULES;

    use super::*;

    #[test]
    fn every_rule_is_explained() {
        for rule in RULES {
            assert!(
                explain(rule.id).is_some_and(|page| page.contains(rule.title)),
                "{}",
                rule.id
            );
        }
        assert_eq!(PAGES.len(), RULES.len());
        assert!(explain("dx0101").is_some());
        assert_eq!(explain("DX9999"), None);
    }
}
