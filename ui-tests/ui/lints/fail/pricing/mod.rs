mod util;

pub fn rate(n: u64) -> u64 {
    n * util::factor()
}
