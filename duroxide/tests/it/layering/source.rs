//! Just enough of Rust's grammar to tell code from comments and texts.

/// The code without comments and without the contents of its texts.
pub(super) fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if rest.starts_with('"') && !is_raw(&code) {
            escaped_text(rest)
        } else if rest.starts_with('"') {
            raw_text(rest, &code)
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("'\\\"'") {
            4
        } else {
            code.push(next);
            rest = &rest[next.len_utf8()..];
            continue;
        };
        code.push(' ');
        rest = &rest[skipped..];
    }
    code
}

fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        match rest {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn escaped_text(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// Whether the code before a quotation mark makes it a raw one: `r`, `br`, `r#` ...
fn is_raw(before: &str) -> bool {
    let name = before.trim_end_matches('#');
    let prefix: String = name.chars().rev().take_while(|c| is_name(*c)).collect();
    matches!(prefix.as_str(), "r" | "rb" | "rc")
}

fn raw_text(text: &str, before: &str) -> usize {
    let hashes = before.len() - before.trim_end_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    text[1..]
        .find(&end)
        .map_or(text.len(), |at| 1 + at + end.len())
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// All identifiers and keywords.
pub(super) fn names_in(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c| !is_name(c)).filter(|name| !name.is_empty())
}

/// What stands behind `root::`: a name, `{` or `*`.
pub(super) fn paths_behind<'code>(code: &'code str, root: &str) -> Vec<&'code str> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices(root) {
        let before = code[..at].chars().next_back();
        let behind = code[at + root.len()..].trim_start();
        let Some(behind) = behind.strip_prefix("::") else {
            continue;
        };
        if before.is_some_and(is_name) {
            continue;
        }
        let behind = behind.trim_start();
        let end = behind.find(|c| !is_name(c)).unwrap_or(behind.len());
        // Exported macros have no other place than the root.
        if behind[end..].starts_with('!') {
            continue;
        }
        found.push(&behind[..end.max(1)]);
    }
    found
}
