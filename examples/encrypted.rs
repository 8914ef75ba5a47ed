//! Payloads that nobody can read in the file: encrypted, and bound to their place.
//!
//! Run it with `cargo run --example encrypted`. It keeps a customer's message, shows what stands
//! in the file, changes the key as one does from time to time, and reads the message again. Inputs,
//! outputs, errors, events, values and the status are encrypted; names and ids stay readable.
//!
//! The keys stand in the source for the sake of the example; yours come from a secret store.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use aes_gcm_siv::aead::{Aead, Payload};
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use duroxide::prelude::*;
use duroxide::storage::coded::{CodedProvider, PayloadCodec, PayloadPlace};

/// AES-256-GCM-SIV under a key that the text names.
///
/// This cipher stays safe when a nonce comes twice, and then shows only that two texts are equal at
/// the same place. So one nonce does for all, and a repeated start is recognised as such.
struct Encrypted {
    keys: BTreeMap<String, Aes256GcmSiv>,
    current: String,
}

impl Encrypted {
    /// Encrypts with the key `current`; what older keys wrote stays readable.
    fn new(current: &str, keys: &[(&str, [u8; 32])]) -> Self {
        let keys = keys.iter().map(|(name, key)| {
            let cipher = Aes256GcmSiv::new(key.into());
            ((*name).to_owned(), cipher)
        });
        Self {
            keys: keys.collect(),
            current: current.to_owned(),
        }
    }

    fn cipher(&self, key: &str) -> Result<&Aes256GcmSiv, String> {
        let cipher = self.keys.get(key);
        cipher.ok_or_else(|| format!("there is no key `{key}`: give the codec all keys in use"))
    }
}

impl PayloadCodec for Encrypted {
    fn encode(&self, place: &PayloadPlace, payload: &str) -> Result<String, String> {
        // Moved to another instance, execution, event or field it does not open.
        let aad = place.to_string();
        let payload = Payload {
            msg: payload.as_bytes(),
            aad: aad.as_bytes(),
        };
        let sealed = self.cipher(&self.current)?.encrypt(&nonce(), payload);
        let sealed = sealed.map_err(|error| error.to_string())?;
        Ok(format!("{}.{}", self.current, to_hex(&sealed)))
    }

    fn decode(&self, place: &PayloadPlace, stored: &str) -> Result<String, String> {
        let (key, sealed) = stored.split_once('.').ok_or("the text names no key")?;
        let sealed = from_hex(sealed)?;
        let aad = place.to_string();
        let payload = Payload {
            msg: &sealed,
            aad: aad.as_bytes(),
        };
        let opened = self.cipher(key)?.decrypt(&nonce(), payload);
        let opened = opened.map_err(|_| "it was changed, moved, or encrypted with another key")?;
        String::from_utf8(opened).map_err(|error| error.to_string())
    }
}

impl fmt::Debug for Encrypted {
    /// Shown in the log at start: without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AES-256-GCM-SIV, key `{}`", self.current)
    }
}

fn nonce() -> Nonce {
    Nonce::default()
}

fn to_hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    let digits = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    bytes.iter().flat_map(digits).collect()
}

fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .ok_or("this is no hexadecimal")
    };
    let bytes = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => {
            let value = digit(*high)? * 16 + digit(*low)?;
            u8::try_from(value).map_err(|error| error.to_string())
        }
        _ => Err("half a byte is missing".to_owned()),
    });
    bytes.collect()
}

#[activity]
async fn file_away(_ctx: &ActivityContext, message: String) -> Result<String, String> {
    Ok(format!("filed: {message}"))
}

#[orchestration]
async fn complaint(ctx: &OrchestrationContext, message: String) -> Result<String, String> {
    ctx.set_custom_status(format!("reading: {message}"));
    Ok(file_away(ctx, message).await?)
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a program for people")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (spring, autumn) = (("2026-spring", [7; 32]), ("2026-autumn", [8; 32]));
    for codec in [
        Encrypted::new("2026-spring", &[spring]),
        Encrypted::new("2026-autumn", &[spring, autumn]),
    ] {
        println!("{codec:?}");
        let store = CodedProvider::new(RedbProvider::open("encrypted.redb")?, codec);
        let runtime = Runtime::builder().store(store).start().await?;
        let message = "the soup was cold".to_owned();
        let handle = complaint::start(&runtime.client(), message).id("complaint-1");
        let handle = handle.if_absent().await?;
        println!("  the client reads: {}", handle.result().await?);
        runtime.shutdown(None).await;
    }
    let file = std::fs::read("encrypted.redb")?;
    let has = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
    println!(
        "in the file: `complaint`: {}, `soup`: {}",
        has("complaint"),
        has("soup")
    );
    Ok(())
}
