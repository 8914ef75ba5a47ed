use crate::process::Process;

#[test]
fn encrypted_payloads_are_read_with_their_keys_and_not_without() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let ended = Process::start("encrypted", folder.path(), &[]).end();
        let lines = ended.well();
        assert_eq!(
            lines
                .iter()
                .filter(|line| line.ends_with("filed: the soup was cold"))
                .count(),
            2
        );
        assert_eq!(
            lines.last().unwrap(),
            "in the file: `complaint`: true, `soup`: false"
        );
    }
}
