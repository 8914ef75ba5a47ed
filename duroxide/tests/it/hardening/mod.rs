//! What keeps hostile input, careless operators and latecomers from doing harm. The page
//! `docs/hardening.md` says which measure is shown by which test; those that concern one part are in
//! the tests of that part.

mod bounded;
mod doors;
mod fairness;
mod files;
mod gates;
mod hostile;
mod sealed;
mod secrets;
mod zombies;
