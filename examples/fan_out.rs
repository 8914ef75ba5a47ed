//! Fan-out: a checksum for each file of a folder, eight files at a time.
//!
//! `cargo run --example fan_out -- FOLDER` looks through a folder (this repository's documentation if
//! you name none) and writes `fan_out.work/CHECKSUMS`. Kill it at any moment and run it again: what
//! was added up is not read again. Delete `fan_out.work` to begin anew.

use std::fs;
use std::path::PathBuf;

use clap::Parser;
use duroxide::prelude::*;
use examples::{Folder, files_below, say};

/// Adds up the files of a folder.
#[derive(Debug, Parser)]
struct Args {
    /// The folder to look through.
    #[arg(default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs"))]
    folder: PathBuf,
}

/// All files of the folder and of the folders in it, in order. A folder may change: so it is looked
/// at once, and the list is in the history.
#[activity]
async fn list(_ctx: &ActivityContext, folder: PathBuf) -> Result<Vec<PathBuf>, String> {
    files_below(&folder)
}

/// The CRC-32C of a file. It reads and adds up, so it has a thread to itself.
#[activity]
async fn checksum(_ctx: &ActivityContext, file: PathBuf) -> Result<u32, String> {
    let read = tokio::task::spawn_blocking(move || {
        let bytes = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let checksum = crc32c::crc32c(&bytes);
        say!("{checksum:08x}  {}", file.display());
        Ok(checksum)
    });
    read.await.map_err(|error| error.to_string())?
}

/// Writes the list into the work folder, which the runtime was given.
#[activity(data(Folder))]
async fn write_list(ctx: &ActivityContext, lines: Vec<String>) -> Result<(), String> {
    let folder = ctx.data::<Folder>()?;
    folder.replace("CHECKSUMS", lines.join("\n") + "\n")
}

/// Gives how many files could be read, and how many there are.
#[orchestration]
async fn checksums(ctx: &OrchestrationContext, folder: PathBuf) -> Result<(usize, usize), String> {
    let files = list(ctx, folder).await?;
    // The calls are lazy: `limit` asks for the next one when one of the eight is done.
    let calls = files.iter().map(|file| checksum(ctx, file.clone()));
    let checksums = join_all(calls).limit(8).await;

    let readable = checksums.iter().filter(|sum| sum.is_ok()).count();
    // The results come in the order of the files. One that failed does not stop the others.
    let lines = files.iter().zip(&checksums).map(|(file, sum)| match sum {
        Ok(sum) => format!("{sum:08x}  {}", file.display()),
        Err(error) => format!("unread    {error}"),
    });
    write_list(ctx, lines.collect()).await?;
    Ok((readable, files.len()))
}

#[tokio::main]
async fn main() -> examples::Result {
    let args = Args::parse();
    let work = Folder::of("fan_out")?;
    examples::run(work.start().await?, async |client| {
        let handle = checksums::start(&client, args.folder).id("checksums");
        let (readable, all) = handle.if_absent().await?.result().await?;
        let list = work.path("CHECKSUMS");
        say!("{readable} of {all} files: see {}", list.display());
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use duroxide::Handle;
    use duroxide::testing::{Mocking as _, TestEnv};

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Starts with 20 files that are not there.
    async fn start(env: &TestEnv) -> Handle<(usize, usize), String> {
        env.mock::<list>(|folder| Ok((0..20).map(|it| folder.join(it.to_string())).collect()));
        let handle = checksums::start(&env.client(), PathBuf::from("photos"));
        handle.await.unwrap()
    }

    #[duroxide::test]
    async fn eight_files_are_read_at_a_time(env: TestEnv) {
        let read = env.mock::<checksum>(|_| Ok(7)).delay(MINUTE);
        env.mock::<write_list>(|_| Ok(()));
        let handle = start(&env).await;
        env.skip(MINUTE / 2).await;
        assert_eq!(read.count(), 8);
        assert_eq!(handle.result().await.unwrap(), (20, 20));
        assert_eq!((read.count(), env.elapsed()), (20, 3 * MINUTE));
    }

    #[duroxide::test]
    async fn the_list_is_in_the_order_of_the_files_whichever_is_read_first(env: TestEnv) {
        env.mock::<checksum>(|file| async move {
            let number: u32 = file.file_name().unwrap().to_str().unwrap().parse().unwrap();
            // The first ones take the longest.
            tokio::time::sleep((20 - number) * MINUTE).await;
            if number == 5 {
                return Err("damaged".to_owned());
            }
            Ok(number)
        });
        let written = env.mock::<write_list>(|_| Ok(()));
        let handle = start(&env).await;
        assert_eq!(handle.result().await.unwrap(), (19, 20));
        let [(lines,)] = &written.calls()[..] else {
            panic!("it is written once");
        };
        assert_eq!(lines.len(), 20);
        assert_eq!(lines[4], "00000004  photos/4");
        assert!(lines[5].starts_with("unread    ") && lines[5].contains("damaged"));
        assert_eq!(lines[19], "00000013  photos/19");
    }
}
