//! Activities and children that are replaced.

use duroxide::prelude::*;
use duroxide::testing::TestEnv;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    item: String,
}

#[activity]
async fn kit_charge(_ctx: &ActivityContext, order: Order, cents: u64) -> Result<u64, String> {
    Err(format!("the real thing: {} {cents}", order.item))
}

#[orchestration]
async fn kit_shop(ctx: &OrchestrationContext, item: String) -> Result<u64, String> {
    let order = Order { item };
    let paid = kit_charge(ctx, order, 700).attempts(3).await?;
    Ok(paid)
}

#[duroxide::test]
async fn a_closure_stands_in_for_an_activity(env: TestEnv) {
    let charged = env.mock::<kit_charge>(|order, cents| Ok(cents + order.item.len() as u64));
    let handle = kit_shop::start(&env.client(), "tea".to_owned())
        .await
        .unwrap();
    assert_eq!(handle.result().await.unwrap(), 703);
    let tea = Order {
        item: "tea".to_owned(),
    };
    assert_eq!(charged.calls(), [(tea, 700)]);
}
