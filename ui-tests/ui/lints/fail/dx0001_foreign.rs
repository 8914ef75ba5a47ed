use duroxide::prelude::*;

async fn fetch(url: &str) -> Result<usize, String> {
    Ok(url.len())
}

#[orchestration]
async fn plain(ctx: &OrchestrationContext, url: String) -> Result<usize, String> {
    tokio::task::yield_now().await;
    let stock = fetch(&url).await?;
    ctx.schedule_timer(Duration::from_secs(1)).await;
    Ok(stock)
}

#[orchestration]
async fn combined(ctx: &OrchestrationContext, url: String) -> Result<usize, String> {
    let both = join!(fetch(&url), ctx.schedule_timer(Duration::from_secs(1)));
    let all = join_all(vec![fetch(&url), fetch(&url)]).await;
    let foreign = futures::future::join_all([fetch(&url)]).await;
    let inner = async { fetch(&url).await }.await;
    let texts = vec![fetch(&url).await];
    select! {
        _ = fetch(&url) => Ok(texts.len()),
        () = ctx.schedule_timer(Duration::from_secs(1)) => both.0,
    }
}

fn main() {}
