//! A saga: three trips are booked step by step. One goes well, one fails at its last step, one is
//! cancelled; what those two had booked is given back, last first.
//!
//! `cargo run --example saga` keeps its bookings in `saga.work/bookings.csv`. Kill it at any moment,
//! in the middle of undoing as well, and run it again: nothing stays half booked. Delete `saga.work`
//! to begin anew.

use duroxide::ExternalEvent;
use duroxide::prelude::*;
use examples::{Folder, say};
use serde::{Deserialize, Serialize};

/// Why something was not booked.
#[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize)]
enum BookingError {
    #[error("there is no {0} left")]
    SoldOut(String),
    #[error("{0}")]
    Other(String),
}

impl From<CallError<Self>> for BookingError {
    fn from(error: CallError<Self>) -> Self {
        match error {
            CallError::Failed(error) => error,
            other => Self::Other(other.to_string()),
        }
    }
}

/// The traveller has paid.
#[derive(Debug, Serialize, Deserialize, ExternalEvent)]
struct Payment {
    cents: u64,
}

/// Books something, and gives the booking's number. Run twice, it books once.
#[activity(data(Folder))]
async fn book(ctx: &ActivityContext, what: String) -> Result<String, BookingError> {
    if what == "submarine" {
        return Err(BookingError::SoldOut(what));
    }
    let number = ctx.idempotency_key();
    write(ctx, &format!("{number} booked"), &what)
        .await
        .map_err(BookingError::Other)?;
    say!("{}: {what} booked", ctx.instance_id());
    Ok(number)
}

/// Gives a booking back. Run twice, it gives back once.
#[activity(data(Folder), retry(max_attempts = 5, initial = "200ms"))]
async fn give_back(ctx: &ActivityContext, number: String, what: String) -> Result<(), String> {
    write(ctx, &format!("{number} given back"), &what).await?;
    say!("{}: {what} given back", ctx.instance_id());
    Ok(())
}

/// Several trips write to the file: one at a time.
async fn write(ctx: &ActivityContext, key: &str, what: &str) -> Result<(), String> {
    static BOOKINGS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _one_at_a_time = BOOKINGS.lock().await;
    let folder = ctx.data::<Folder>()?;
    folder.append_once("bookings.csv", key, what)
}

#[orchestration]
async fn trip(ctx: &OrchestrationContext, parts: Vec<String>) -> Result<u64, BookingError> {
    let mut saga = ctx.saga();
    for part in parts {
        let number = book(ctx, part.clone()).await?;
        // From here on an error or a cancellation gives it back.
        saga.undo(move |ctx| async move { give_back(&ctx, number, part).await });
    }
    ctx.set_custom_status("waiting for the payment");
    let paid = ctx.wait_for::<Payment>().await;
    Ok(paid
        .map_err(|error| BookingError::Other(error.to_string()))?
        .cents)
}

#[tokio::main]
async fn main() -> examples::Result {
    let work = Folder::of("saga")?;
    examples::run(work.start().await?, async |client| {
        let mut trips = Vec::new();
        for (id, parts) in [
            ("lisbon", ["flight", "hotel", "bicycle"]),
            ("atlantis", ["flight", "hotel", "submarine"]),
            ("oslo", ["train", "hotel", "skis"]),
        ] {
            let parts = parts.map(str::to_owned).to_vec();
            trips.push(trip::start(&client, parts).id(id).if_absent().await?);
        }
        for trip in trips {
            // Returns when the status is shown, or the trip has ended without it.
            trip.wait_for_status_change(0, Duration::from_secs(60))
                .await?;
            match trip.id() {
                "oslo" => trip.cancel("there is no snow").await?,
                _ => trip.raise(Payment { cents: 99_000 }).await?,
            }
            match trip.result().await {
                Ok(cents) => say!("{}: paid {cents} cents", trip.id()),
                Err(error) => say!("{}: {error}", trip.id()),
            }
        }
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use duroxide::Handle;
    use duroxide::testing::{Mock, Mocking as _, TestEnv};

    use super::*;

    type GivenBack = Mock<(String, String), (), String>;

    /// Starts a trip of three parts. Nothing is booked in truth.
    async fn start(env: &TestEnv, last: &str) -> (Handle<u64, BookingError>, GivenBack) {
        env.mock::<book>(|what| match what.as_str() {
            "submarine" => Err(BookingError::SoldOut(what)),
            _ => Ok(format!("no. {}", what.len())),
        });
        let given_back = env.mock::<give_back>(|_number, _what| Ok(()));
        let parts = ["flight", "hotel", last].map(str::to_owned).to_vec();
        (trip::start(&env.client(), parts).await.unwrap(), given_back)
    }

    fn what(given_back: &GivenBack) -> Vec<String> {
        let calls = given_back.calls().into_iter();
        calls.map(|(_number, what)| what).collect()
    }

    #[duroxide::test]
    async fn what_goes_well_stays_booked(env: TestEnv) {
        let (trip, given_back) = start(&env, "bicycle").await;
        trip.raise(Payment { cents: 99_000 }).await.unwrap();
        assert_eq!(trip.result().await.unwrap(), 99_000);
        assert_eq!(given_back.count(), 0);
    }

    #[duroxide::test]
    async fn a_step_that_fails_gives_back_those_before_it_last_first(env: TestEnv) {
        let (trip, given_back) = start(&env, "submarine").await;
        let error = trip.result().await.unwrap_err();
        assert!(error.to_string().contains("no submarine left"), "{error}");
        assert_eq!(what(&given_back), ["hotel", "flight"]);
    }

    #[duroxide::test]
    async fn a_cancelled_trip_is_given_back_last_first(env: TestEnv) {
        let (trip, given_back) = start(&env, "skis").await;
        env.settle().await;
        trip.cancel("there is no snow").await.unwrap();
        let error = trip.result().await.unwrap_err();
        assert!(error.to_string().contains("there is no snow"), "{error}");
        assert_eq!(what(&given_back), ["skis", "hotel", "flight"]);
    }

    #[duroxide::test]
    async fn giving_back_is_tried_again(env: TestEnv) {
        let (trip, given_back) = start(&env, "submarine").await;
        let given_back = given_back.fail_first(3, "nobody picks up the phone".to_owned());
        trip.result().await.unwrap_err();
        assert_eq!(what(&given_back).last().unwrap(), "flight");
        assert_eq!(given_back.count(), 3 + 2);
    }
}
