use std::rc::Rc;

use duroxide::{ActivityContext, activity};

struct Pool;

#[activity(data = "Pool")]
async fn as_text(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(data())]
async fn nothing(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(data(&'static Pool))]
async fn borrowed(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

#[activity(data(Rc<Pool>))]
async fn unfit(_ctx: &ActivityContext) -> Result<(), String> {
    Ok(())
}

fn main() {}
