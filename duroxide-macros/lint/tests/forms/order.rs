//! Walks through maps without an order.

use super::{expect, found_where};

/// Walks through `m` whose order nobody sees.
const ORDER_FREE: &[&str] = &[
    "m.values().sum::<u64>()",
    "m.values().filter(|it| **it > 1).count()",
    "m.keys().any(|it| *it == 1)",
    "m.values().copied().max().unwrap_or(0)",
    "m.iter().collect::<BTreeMap<_, _>>()",
    "let total: u64 = m.values().sum()",
    "let ordered: BTreeSet<_> = m.keys().collect()",
    "f(duroxide::sorted(m.iter()))",
    "BTreeMap::from_iter(m.iter())",
    "for it in duroxide::sorted(m) {}",
    "m.len() + m.get(&1)",
];

/// And walks whose order somebody sees.
const ORDERED: &[&str] = &[
    "for it in m {}",
    "for it in m.keys() {}",
    "m.values().sum::<f64>()",
    "m.values().take(2).sum::<u64>()",
    "let first: u64 = m.values().next().unwrap_or(0)",
    "m.iter().collect::<Vec<_>>()",
    "m.drain()",
];

#[test]
fn a_walk_is_found_where_its_order_shows() {
    for ty in ["HashMap<u8, u64>", "&std::collections::HashMap<u8, u64>"] {
        for (walks, own, helped) in [
            (ORDER_FREE, &[] as &[&str], &[] as &[&str]),
            (ORDERED, &["DX0105"], &["DX0401"]),
        ] {
            for walk in walks {
                expect(&format!("fn checked(m: {ty}) {{ {walk}; }}"), "", own);
                let helper = format!("fn checked() {{ help(n); }}\nfn help(m: {ty}) {{ {walk}; }}");
                expect(&helper, "", helped);
            }
        }
    }
    for (result, found) in [
        ("u64", &[] as &[&str]),
        ("f64", &["DX0401"]),
        ("Vec<u64>", &["DX0401"]),
    ] {
        let helper = format!(
            "fn checked() {{ help(n); }}\nfn help(m: &HashMap<u8, u64>) -> {result} {{ m.values().sum() }}"
        );
        expect(&helper, "", found);
    }
}

#[test]
fn a_type_is_known_behind_its_names() {
    for (items, ty, found) in [
        (
            "type Prices = std::collections::HashMap<u8, u8>;",
            "&Prices",
            &["DX0105"] as &[&str],
        ),
        ("mod other;\nuse other::Prices as P;", "P", &["DX0105"]),
        (
            "use std::collections::HashSet as S;",
            "&mut S<u8>",
            &["DX0105"],
        ),
        ("use std::collections::*;", "HashSet<u8>", &["DX0105"]),
        ("struct HashMap;", "&HashMap", &[]),
        (
            "type HashMap = std::collections::BTreeMap<u8, u8>;",
            "&HashMap",
            &[],
        ),
        (
            "use std::collections::BTreeMap as HashMap;",
            "&HashMap<u8, u8>",
            &[],
        ),
    ] {
        expect(
            &format!("{items}\nfn checked(m: {ty}) {{ for it in m {{}} }}"),
            "pub type Prices = std::collections::HashMap<u8, u8>;",
            found,
        );
    }
}

#[test]
fn hash_maps_of_other_crates_are_known() {
    for ty in [
        "hashbrown::HashMap<u8, u8>",
        "hashbrown::hash_map::HashMap<u8, u8>",
        "ahash::AHashMap<u8, u8>",
        "ahash::AHashSet<u8>",
        "dashmap::DashMap<u8, u8>",
        "rustc_hash::FxHashMap<u8, u8>",
        "fxhash::FxHashSet<u8>",
        "swiss::HashMap<u8, u8>",
    ] {
        let (_, last) = ty.rsplit_once("::").unwrap();
        let (name, _) = last.split_once('<').unwrap();
        let (path, _) = ty.split_once('<').unwrap();
        for walk in [
            "for it in &m {}",
            "m.iter().next()",
            "m.drain()",
            "m.into_iter().collect::<Vec<_>>()",
            "m.clone().into_values().next()",
            "m.retain(|_, it| *it > 1)",
        ] {
            expect(
                &format!("fn checked(m: {ty}) {{ {walk}; }}"),
                "",
                &["DX0105"],
            );
            let imported = format!("use {path} as M;\nfn checked(m: &mut M<u8>) {{ {walk}; }}");
            expect(&imported, "", &["DX0105"]);
            let made = format!("use {path};\nfn checked() {{ let m = {name}::new(); {walk}; }}");
            expect(&made, "", &["DX0105"]);
            let helped = format!("fn checked() {{ help(m); }}\nfn help(m: {ty}) {{ {walk}; }}");
            expect(&helped, "", &["DX0401"]);
        }
        for free in [
            "m.get(&1)",
            "m.values().sum::<u64>()",
            "m.insert(1, 2)",
            "m.len()",
        ] {
            expect(&format!("fn checked(m: {ty}) {{ {free}; }}"), "", &[]);
        }
    }
    for ty in [
        "BTreeMap<u8, u8>",
        "indexmap::IndexMap<u8, u8>",
        "Vec<u8>",
        "shop::HashMap<u8, u8>",
    ] {
        expect(
            &format!("fn checked(m: {ty}) {{ for it in m {{}} m.retain(f); }}"),
            "",
            &[],
        );
    }
}

#[test]
fn a_build_refuses_no_retain_and_leaves_std_to_types() {
    let in_build = |root: &str| found_where(root, "", false);
    for (ty, walk, found) in [
        ("HashMap<u8, u8>", "for it in m {}", &[] as &[&str]),
        ("HashMap<u8, u8>", "m.retain(f)", &[]),
        ("hashbrown::HashMap<u8, u8>", "m.retain(f)", &[]),
        ("hashbrown::HashMap<u8, u8>", "for it in m {}", &["DX0105"]),
    ] {
        let own = format!("fn checked(m: {ty}) {{ {walk}; }}");
        assert_eq!(in_build(&own), found, "{own}");
        let helped = format!("fn checked() {{ help(m); }}\nfn help(m: {ty}) {{ {walk}; }}");
        let reached: &[&str] = if walk.contains("retain") {
            &[]
        } else {
            &["DX0401"]
        };
        assert_eq!(in_build(&helped), reached, "{helped}");
    }
}
