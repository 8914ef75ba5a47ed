//! How commits of redb are made: every transaction of a store begins here, so that none is made in
//! another way than the options say.

use ::redb::{Database, Durability, WriteTransaction};

/// What redb does in each commit beyond what it does anyway.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Protocol {
    pub(crate) two_phase_commit: bool,
    pub(crate) quick_repair: bool,
}

impl Protocol {
    pub(crate) fn begin(
        self,
        database: &Database,
        durability: Durability,
    ) -> Result<WriteTransaction, ::redb::Error> {
        let mut transaction = database.begin_write()?;
        transaction.set_durability(durability)?;
        transaction.set_two_phase_commit(self.two_phase_commit);
        // Has two phases as well, whatever was said of them.
        transaction.set_quick_repair(self.quick_repair);
        Ok(transaction)
    }
}
