//! Bookings that belong together.

use std::num::NonZeroU32;

use duroxide::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Trip {
    from: String,
    to: String,
    nights: NonZeroU32,
    travellers: Vec<Traveller>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Traveller {
    name: String,
    meal: Meal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Meal {
    Any,
    Vegan,
}

#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
enum BookingError {
    #[error("no {0} left")]
    Full(String),
    #[error(transparent)]
    Call(#[from] CallError<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leg {
    Flight,
    Hotel,
    Car,
}

#[activity]
async fn book_flight(_ctx: &ActivityContext, from: String, to: String) -> Result<u64, String> {
    Ok((from.len() + to.len()) as u64)
}

#[activity]
async fn book_hotel(_ctx: &ActivityContext, city: String, nights: u32) -> Result<u64, String> {
    Ok(city.len() as u64 + u64::from(nights))
}

#[activity]
async fn book_car(_ctx: &ActivityContext, city: String) -> Result<u64, String> {
    Ok(city.len() as u64)
}

#[activity]
async fn cancel(_ctx: &ActivityContext, booking: u64) -> Result<(), String> {
    let _ = booking;
    Ok(())
}

/// What has been booked, to be undone in reverse.
#[derive(Default)]
struct Booked(Vec<(u64, u8)>);

impl Booked {
    fn push(&mut self, leg: Leg, booking: u64) -> u64 {
        self.0.push((booking, leg as u8));
        booking
    }

    #[deterministic]
    async fn undo(self, ctx: &OrchestrationContext) -> usize {
        let count = self.0.len();
        for (booking, _) in self.0.into_iter().rev() {
            let _ = cancel(ctx, booking).await;
        }
        count
    }
}

#[orchestration]
async fn book_trip(ctx: &OrchestrationContext, trip: Trip) -> Result<[u64; 3], String> {
    let mut booked = Booked::default();
    match try_book(ctx, &trip, &mut booked).await {
        Ok(bookings) => Ok(bookings),
        Err(error) => {
            let undone = booked.undo(ctx).await;
            Err(format!("{error}; {undone} undone"))
        }
    }
}

#[deterministic]
async fn try_book(
    ctx: &OrchestrationContext,
    trip: &Trip,
    booked: &mut Booked,
) -> Result<[u64; 3], BookingError> {
    let Trip {
        from,
        to,
        nights,
        travellers,
    } = trip;
    if travellers.iter().any(|it| it.meal == Meal::Vegan) && to == "Nowhere" {
        return Err(BookingError::Full("meal".to_owned()));
    }
    let flight = book_flight(ctx, from.clone(), to.clone()).await?;
    let flight = booked.push(Leg::Flight, flight);
    let (hotel, car) = join!(
        book_hotel(ctx, to.clone(), nights.get()),
        book_car(ctx, to.clone())
    );
    // Both are asked for: each is undone if the other one fails.
    let hotel = hotel.map(|it| booked.push(Leg::Hotel, it));
    let car = car.map(|it| booked.push(Leg::Car, it));
    Ok([flight, hotel?, car?])
}

/// The cheapest answer within a minute.
#[orchestration]
async fn compare(ctx: &OrchestrationContext, cities: Vec<String>) -> Result<Option<u64>, String> {
    let mut best: Option<u64> = None;
    let deadline = ctx.now() + Duration::from_secs(60);
    let mut open: Vec<_> = cities
        .into_iter()
        .map(|city| book_car(ctx, city).schedule())
        .collect();
    let mut alarm = ctx.sleep_until(deadline);
    while let Some(next) = open.pop() {
        select! {
            offer = next => {
                let offer = offer?;
                best = Some(best.map_or(offer, |known| known.min(offer)));
            }
            () = &mut alarm => break,
        }
    }
    Ok(best)
}

trait Offers {
    fn offers(
        &self,
        ctx: &OrchestrationContext,
    ) -> impl Durable<Output = Result<Vec<u64>, String>> + Send;

    fn is_cheap(price: u64) -> bool {
        price < 100
    }
}

struct Hotels<'a>(&'a [String]);
struct Cars(String);

impl Offers for Hotels<'_> {
    #[deterministic]
    async fn offers(&self, ctx: &OrchestrationContext) -> Result<Vec<u64>, String> {
        let calls = self.0.iter().map(|city| book_hotel(ctx, city.clone(), 1));
        let answers = join_all(calls)
            .await
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        Ok(answers
            .into_iter()
            .filter(|it| Self::is_cheap(*it))
            .collect())
    }
}

impl Offers for Cars {
    #[deterministic]
    async fn offers(&self, ctx: &OrchestrationContext) -> Result<Vec<u64>, String> {
        book_car(ctx, self.0.clone())
            .await
            .map(|it| vec![it])
            .map_err(Into::into)
    }
}

#[deterministic]
async fn cheapest<O: Offers + Sync>(ctx: &OrchestrationContext, from: &O) -> Result<u64, String> {
    let offers = from.offers(ctx).await?;
    offers.into_iter().min().ok_or_else(|| "none".to_owned())
}

#[orchestration]
async fn bargain(ctx: &OrchestrationContext, cities: Vec<String>) -> Result<u64, String> {
    let hotel = cheapest(ctx, &Hotels(&cities)).await?;
    let first = cities.first().cloned().ok_or("no city")?;
    let car = cheapest(ctx, &Cars(first)).await?;
    Ok(hotel + car)
}

/// Reminds until the trip begins.
#[orchestration]
async fn remind(ctx: &OrchestrationContext, days: u64) -> Result<(), String> {
    let mut left = days;
    while left > 0 {
        ctx.schedule_timer(Duration::from_secs(24 * 60 * 60)).await;
        left -= 1;
        trace_info!(ctx, "{left} days to go");
    }
    Ok(())
}
