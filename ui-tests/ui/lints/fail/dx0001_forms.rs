use duroxide::prelude::*;
use outside::fetch as load;

extern crate futures as later;

mod outside {
    pub(crate) async fn fetch(n: u64) -> u64 {
        n
    }
}

mod more {
    pub(crate) async fn look(n: u64) -> u64 {
        n
    }
}

use more::*;

#[orchestration]
async fn forms(ctx: &OrchestrationContext) -> Result<u64, String> {
    let direct = outside::fetch(1).await; //~ DX0001 direct
    let alias = load(2).await; //~ DX0001 alias
    let glob = look(3).await; //~ DX0001 glob
    let renamed = later::future::pending::<u64>().await; //~ DX0001 renamed
    let made = vec![load(4).await]; //~ DX0001 macro
    let call = |n| async move { load(n).await }; //~ DX0001 closure
    let block = async { load(5).await }.await; //~ DX0001 async
    let called = call(6).await;
    Ok(direct + alias + glob + renamed + made.len() as u64 + block + called)
}

fn main() {}
