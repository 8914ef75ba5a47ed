//! What a server is: its name, its id, its port. Paths and program arguments are made of nothing but
//! these, and these cannot be made of anything that could mean more.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How long a name may be, so that ids and paths made of it stay well within all limits.
const LONGEST_NAME: usize = 40;

/// A name that somebody chose: lower-case letters, digits and hyphens, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Name(String);

/// One server from its creation to its deletion: its name and eight random digits. A later server
/// of that name has another id, so what still runs for the old one cannot touch it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ServerId(String);

/// A server that has its name and its port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Server {
    pub(crate) id: ServerId,
    pub(crate) name: Name,
    pub(crate) port: u16,
}

impl Name {
    /// The id of a server of this name; `random` begins with eight hexadecimal digits.
    pub(crate) fn id_with(&self, random: &str) -> Result<ServerId, String> {
        let digits: String = random.chars().take(8).collect();
        format!("{self}-{digits}").parse()
    }
}

impl Server {
    /// The instance that looks after this server.
    pub(crate) fn keeper(&self) -> String {
        format!("keep-{}", self.id)
    }

    /// The instance that deletes it.
    pub(crate) fn deletion(&self) -> String {
        format!("delete-{}", self.id)
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let good = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.len() <= LONGEST_NAME
            && text.chars().all(allowed);
        if good {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "`{text}` is no name for a server: use lower-case letters, digits and hyphens, a letter \
             first, at most {LONGEST_NAME} of them"
        ))
    }
}

impl FromStr for ServerId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, digits) = text.rsplit_once('-').unwrap_or((text, ""));
        name.parse::<Name>()?;
        if digits.len() == 8 && digits.chars().all(|c| c.is_ascii_hexdigit()) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("`{text}` is not the id of a server"))
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl TryFrom<String> for ServerId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl From<ServerId> for String {
    fn from(id: ServerId) -> Self {
        id.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
