#![deny(warnings)]

use duroxide::prelude::*;

#[orchestration]
async fn prints(ctx: &OrchestrationContext, n: u64) -> Result<String, String> {
    println!("started");
    let shown = dbg!(n);
    ctx.schedule_timer(Duration::from_secs(shown)).await;
    ctx.schedule_timer(Duration::from_secs(1));
    let place = format!("{:p}", &n);
    let address = &raw const n as *const u8;
    Ok(format!("{place} {address:?} {}", std::any::type_name::<u8>()))
}

#[orchestration]
async fn never_ends(ctx: &OrchestrationContext) -> Result<(), String> {
    loop {
        ctx.schedule_timer(Duration::from_secs(60)).await;
        let caught = std::panic::catch_unwind(|| 1);
        if caught.is_err() {
            continue;
        }
    }
}

fn main() {}
