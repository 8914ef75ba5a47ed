//! Values to text and back: payloads, and histories as people export them. The stored form is
//! measured where it is used, in `provider`.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use duroxide::codec;
use duroxide::history::Event;

use crate::steps::Shape;

const BYTES: [usize; 3] = [16, 1_024, 1 << 20];

#[divan::bench(args = BYTES)]
fn payload_to_text(bencher: Bencher<'_, '_>, bytes: usize) {
    let payload = "x".repeat(bytes);
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| codec::encode(divan::black_box(&payload)).unwrap());
}

#[divan::bench(args = BYTES)]
fn text_to_payload(bencher: Bencher<'_, '_>, bytes: usize) {
    let text = codec::encode(&"x".repeat(bytes)).unwrap();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| codec::decode::<String>(divan::black_box(&text)).unwrap());
}

#[divan::bench]
fn history_to_json(bencher: Bencher<'_, '_>) {
    let history = Shape::Chain.history(1_000);
    bencher
        .counter(ItemsCount::new(history.len()))
        .bench(|| serde_json::to_string(divan::black_box(&history)).unwrap());
}

#[divan::bench]
fn json_to_history(bencher: Bencher<'_, '_>) {
    let history = Shape::Chain.history(1_000);
    let json = serde_json::to_string(&history).unwrap();
    bencher
        .counter(ItemsCount::new(history.len()))
        .bench(|| serde_json::from_str::<Vec<Event>>(divan::black_box(&json)).unwrap());
}
