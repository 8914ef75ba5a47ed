use duroxide::activity;

#[activity]
struct Greeting;

fn main() {}
