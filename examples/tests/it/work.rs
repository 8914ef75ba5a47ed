//! A work folder of `order_processing`, and what has to be in it at the end.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::process::Process;

/// A folder for one list of orders. Kept if the test fails.
#[derive(Debug)]
pub(crate) struct Work {
    folder: Option<TempDir>,
    orders: usize,
    /// Where the store lies, if not in the folder.
    store: Option<PathBuf>,
}

/// One line of `runs.log`: an activity was run up to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) instance: String,
    pub(crate) activity: u64,
    pub(crate) name: String,
    /// Larger than that of each run of this activity that began before.
    pub(crate) epoch: u64,
}

impl Work {
    pub(crate) fn new(orders: usize) -> Self {
        let folder = TempDir::with_prefix("orders-").unwrap();
        Self {
            folder: Some(folder),
            orders,
            store: None,
        }
    }

    /// Orders of things with a name of so many letters.
    pub(crate) fn with_long_names(orders: usize, letters: usize) -> Self {
        let work = Self::new(orders);
        let name = "x".repeat(letters);
        let order = |n: usize| format!("{n:04},{name},{},{}\n", n % 3 + 1, n % 7 * 450 + 990);
        let orders: String = (1..=orders).map(order).collect();
        fs::write(work.path("orders.csv"), orders).unwrap();
        work
    }

    /// With the store in that place.
    pub(crate) fn with_store(mut self, store: PathBuf) -> Self {
        self.store = Some(store);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.as_ref().unwrap().path().join(name)
    }

    pub(crate) fn store(&self) -> PathBuf {
        let here = || self.path("orders.redb");
        self.store.clone().unwrap_or_else(here)
    }

    pub(crate) fn orders(&self) -> usize {
        self.orders
    }

    pub(crate) fn start(&self, more: &[&str]) -> Process {
        self.start_under(&[], more)
    }

    /// Started by another program.
    pub(crate) fn start_under(&self, launcher: &[&str], more: &[&str]) -> Process {
        let (orders, store) = (self.orders.to_string(), self.store());
        let store = store.to_str().unwrap();
        let mut args = vec!["--work", ".", "--orders", &orders, "--store", store];
        args.extend(more);
        Process::start_under(launcher, "order_processing", &self.path(""), &args)
    }

    pub(crate) fn run(&self) -> Vec<String> {
        self.start(&[]).end().well()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Everything that ran so far.
    pub(crate) fn runs(&self) -> Vec<Run> {
        let text = self.text("runs.log");
        assert!(text.is_empty() || text.ends_with('\n'), "half a line");
        let run = |line: &str| {
            let [instance, activity, name, epoch] = parts(line, ' ');
            Run {
                instance: instance.to_owned(),
                activity: activity.parse().unwrap(),
                name: name.to_owned(),
                epoch: epoch.parse().unwrap(),
            }
        };
        text.lines().map(run).collect()
    }

    /// What the list of orders asks for is in the ledger, the stock and the receipts, once.
    pub(crate) fn check_all_done(&self) {
        let orders = self.text("orders.csv");
        assert_eq!(orders.lines().count(), self.orders);
        let (mut ledger, mut stock, mut receipts) =
            (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for order in orders.lines() {
            let [id, item, quantity, cents] = parts(order, ',');
            let total = quantity.parse::<u64>().unwrap() * cents.parse::<u64>().unwrap();
            ledger.insert(format!("order-{id}"), format!("{id},{total}"));
            stock.insert(format!("order-{id}"), format!("{item},{quantity}"));
            let receipt = [
                format!("Receipt {id}"),
                format!("{quantity} x {item} at {cents} cents"),
                format!("Paid: {total} cents (order-{id}/1/"),
            ];
            receipts.insert(format!("{id}.txt"), receipt.join("\n"));
        }
        assert_eq!(by_instance(&self.text("ledger.csv")), ledger);
        assert_eq!(by_instance(&self.text("stock.csv")), stock);
        let written = files(&self.path("receipts"));
        assert_eq!(written.len(), receipts.len(), "{:?}", written.keys());
        for (name, start) in receipts {
            let text = &written[&name];
            assert!(text.starts_with(&start), "{name}: {text}");
            assert!(text.ends_with(")\n"), "{name}: {text}");
        }
    }

    /// All that was written outside the store.
    pub(crate) fn results(&self) -> BTreeMap<String, String> {
        let mut results = files(&self.path("receipts"));
        for name in ["orders.csv", "ledger.csv", "stock.csv", "runs.log"] {
            results.insert(name.to_owned(), self.text(name));
        }
        results
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if std::thread::panicking()
            && let Some(folder) = self.folder.take()
        {
            println!("kept for you: {}", folder.keep().display());
        }
    }
}

/// What stands behind `order-0001/1/2,`: one line for each instance.
fn by_instance(text: &str) -> BTreeMap<String, String> {
    let mut lines = BTreeMap::new();
    for line in text.lines() {
        let (key, rest) = line.split_once(',').unwrap();
        let (instance, _) = key.split_once('/').unwrap();
        let before = lines.insert(instance.to_owned(), rest.to_owned());
        assert_eq!(before, None, "twice: {line}");
    }
    lines
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let file = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read_to_string(entry.path()).unwrap())
    };
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let whole = entries.filter(|entry| entry.path().extension() != Some("unfinished".as_ref()));
    whole.map(file).collect()
}

fn parts<const N: usize>(line: &str, separator: char) -> [&str; N] {
    let parts: Vec<&str> = line.split(separator).collect();
    parts.try_into().expect(line)
}
