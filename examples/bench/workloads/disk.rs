//! The disk alone.

use std::fs::File;
use std::io::Write as _;

use crate::report::{Latencies, Report, mib};
use crate::workloads::Case;
use crate::{Outcome, system};

/// 512 bytes and an fdatasync, again and again in the same place of a file that has its length.
pub(super) fn fdatasync(case: &Case) -> Outcome<Report> {
    use std::os::unix::fs::FileExt as _;

    let path = case.setup.new_file()?;
    let mut file = File::create(path.path())?;
    file.write_all(&vec![1; 1 << 20])?;
    file.sync_all()?;
    let mut times = Vec::new();
    let begun = system::now();
    for number in 0..case.size {
        let one = system::now();
        let [byte, ..] = number.to_le_bytes();
        file.write_all_at(&[byte; 512], 512 * (number % 2_048))?;
        file.sync_data()?;
        times.push(one.elapsed());
    }
    Ok(Report::new(case, case.size, begun.elapsed()).latencies(&Latencies::of(times)?))
}

/// So many MiB, one after the other, and an fdatasync at the end.
pub(super) fn sequential(case: &Case) -> Outcome<Report> {
    let path = case.setup.new_file()?;
    let mut file = File::create(path.path())?;
    let chunk = vec![0x5a; 1 << 20];
    let begun = system::now();
    for _ in 0..case.size {
        file.write_all(&chunk)?;
    }
    file.sync_data()?;
    let took = begun.elapsed();
    let rate = mib(case.size << 20) / took.as_secs_f64();
    Ok(Report::new(case, case.size, took).figure("mib_per_second", rate))
}
