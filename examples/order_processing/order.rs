//! What is bought.

use std::str::FromStr;

use examples::Folder;
use serde::{Deserialize, Serialize};

/// One line of `orders.csv`: `id,item,quantity,cents`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) item: String,
    pub(crate) quantity: u64,
    /// The price of one piece.
    pub(crate) cents: u64,
}

impl Order {
    /// The orders of `orders.csv`; a made-up list is written first if there is none.
    pub(crate) fn all(folder: &Folder, made_up: u32) -> Result<Vec<Self>, String> {
        if !folder.path("orders.csv").exists() {
            let lines: Vec<String> = (1..=made_up).map(|n| Self::made_up(n).line()).collect();
            folder.replace("orders.csv", lines.join("\n"))?;
        }
        let text = folder.read("orders.csv")?;
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(str::parse).collect()
    }

    /// An order for the first list.
    fn made_up(number: u32) -> Self {
        let items = ["lamp", "chair", "table", "shelf"];
        let item = items
            .iter()
            .cycle()
            .nth(number as usize)
            .copied()
            .unwrap_or("lamp");
        Self {
            id: format!("{number:04}"),
            item: item.to_owned(),
            quantity: u64::from(number % 3) + 1,
            cents: u64::from(number % 7) * 450 + 990,
        }
    }

    fn line(&self) -> String {
        format!("{},{},{},{}", self.id, self.item, self.quantity, self.cents)
    }

    pub(crate) fn total_cents(&self) -> Result<u64, String> {
        let total = self.quantity.checked_mul(self.cents);
        total.ok_or_else(|| format!("the total of order {} is too large", self.id))
    }
}

impl FromStr for Order {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let wrong = |what: &str| format!("`{line}`: {what}; expected `id,item,quantity,cents`");
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [id, item, quantity, cents] = fields[..] else {
            return Err(wrong("not four fields"));
        };
        Ok(Self {
            id: id.to_owned(),
            item: item.to_owned(),
            quantity: quantity
                .parse()
                .map_err(|_| wrong("the quantity is no number"))?,
            cents: cents.parse().map_err(|_| wrong("the price is no number"))?,
        })
    }
}
