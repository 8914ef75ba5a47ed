use duroxide::ExternalEvent;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, ExternalEvent)]
#[event(name = "an approval")]
struct Spaced;

#[derive(Serialize, Deserialize, ExternalEvent)]
#[event(nme = "approval")]
struct UnknownKey;

#[derive(Serialize, Deserialize, ExternalEvent)]
#[event(name = 1)]
struct NoText;

#[derive(Serialize, Deserialize, ExternalEvent)]
struct Größe;

fn main() {}
