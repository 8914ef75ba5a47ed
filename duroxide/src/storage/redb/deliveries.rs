//! New instances, and messages for those that exist, as changes of the [`State`].

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::history::{EventId, InstanceId, Message, Start};
use crate::provider::InstanceState;
use crate::storage::redb::bodies;
use crate::storage::redb::inbox::{Body, Deliveries, Head, Origin, Place, Queued, Row, bytes_of};
use crate::storage::redb::limits::MAX_RESIDENT_BYTES;
use crate::storage::redb::outcome::stored;
use crate::storage::redb::record::RecordError;
use crate::storage::redb::schema::RowKey;
use crate::storage::redb::state::{Durable, Effect, Moment, State};

/// An instance that can be created: nothing fails any more.
#[derive(Debug)]
pub(crate) struct NewInstance {
    number: u64,
    row: Row,
    record: Vec<u8>,
    first: Parcel,
}

/// A message for one instance, and its row.
#[derive(Debug)]
pub(crate) struct Parcel {
    message: Message,
    record: Vec<u8>,
    /// Of events from outside: the sender's id.
    sent_as: Option<u128>,
    /// Whether nobody may see it before it is durable.
    is_held: bool,
}

impl Parcel {
    pub(crate) fn new(
        instance: u64,
        message: Message,
        sent_as: Option<u128>,
    ) -> Result<Self, RecordError> {
        let record = bodies::encode_message(instance, &message, sent_as)?;
        Ok(Self {
            message,
            record,
            sent_as,
            is_held: false,
        })
    }
}

impl NewInstance {
    /// `is_held`: whether its start is to be durable before it is seen.
    pub(crate) fn new(
        number: u64,
        id: InstanceId,
        start: Start,
        is_held: bool,
        now: Moment,
    ) -> Result<Self, RecordError> {
        let row = Row {
            digest: digest_of(&start),
            head: Arc::new(Head {
                id,
                orchestration: start.name.clone(),
                version: start.version.clone(),
                parent: start.parent.clone(),
            }),
            execution_id: start.execution_id,
            last_event: EventId::NONE,
            last_turn: 0,
            is_quiet: false,
            ended: false,
            semantics: None,
            custom_status_version: 0,
            created_at: now.wall,
            updated_at: now.wall,
            change: 1,
        };
        let record = bodies::encode_instance(&stored(&row, InstanceState::Running))?;
        let mut first = Parcel::new(number, Message::Start(start), None)?;
        first.is_held = is_held;
        Ok(Self {
            number,
            row,
            record,
            first,
        })
    }
}

impl State {
    /// Creates an instance that neither memory nor disk has, under the next number.
    pub(crate) fn create(&mut self, new: NewInstance, now: Moment) {
        let NewInstance {
            number,
            row,
            record,
            first,
        } = new;
        let id = row.head.id.clone();
        self.next_instance = number.saturating_add(1);
        let changes = &mut self.open.changes;
        changes.insert(
            RowKey::Id(id.as_str().to_owned()),
            number.to_le_bytes().to_vec(),
        );
        changes.insert(RowKey::Instance(number), record);
        if let Some(parent) = &row.head.parent {
            let parent = parent.instance.clone();
            if let Some(removal) = &mut self.removal {
                removal.born(parent.clone(), id.clone());
            }
            changes.insert(
                RowKey::Child(parent.to_string(), id.to_string()),
                Vec::new(),
            );
        }
        self.open.effects.push(Effect::Changed(id.clone()));
        self.by_id.insert(id, number);
        self.inbox(number).row = Some(row);
        self.deliver(number, first, now);
    }

    /// Puts an event into an inbox. `None`: it was sent before.
    pub(crate) fn send(
        &mut self,
        instance: u64,
        id: u128,
        message: Message,
        now: Moment,
    ) -> Result<Option<Durable>, RecordError> {
        let parcel = Parcel::new(instance, message, Some(id))?;
        if !self.sent_ids.insert(instance, id) {
            return Ok(None);
        }
        self.deliver(instance, parcel, now);
        Ok(Some(self.join()))
    }

    /// Puts a message into an inbox and its row into the open group. It can be taken at once, unless
    /// it is held.
    pub(crate) fn deliver(&mut self, instance: u64, parcel: Parcel, now: Moment) {
        let Parcel {
            message,
            record,
            sent_as,
            is_held,
        } = parcel;
        let id = self.message_id();
        let key = RowKey::Inbox {
            sequence: id,
            instance,
        };
        self.open.changes.insert(key, record);
        let place = Place::of(id, matches!(message, Message::Start(_)));
        let is_event = message.is_event();
        let bytes = bytes_of(&message);
        let resident = self.resident.saturating_add(bytes);
        let body = if resident <= MAX_RESIDENT_BYTES {
            self.resident = resident;
            Body::Here(message)
        } else {
            Body::OnDisk
        };
        // What has to be read cannot be seen before it is there.
        let is_held = is_held || matches!(body, Body::OnDisk);
        if is_held {
            self.open.effects.push(Effect::ShowMessage { instance });
        }
        let group = self.open.number;
        let inbox = self.inbox(instance);
        inbox.add(Queued {
            place,
            body,
            origin: Origin::Inbox,
            deliveries: Deliveries::default(),
            sent_as,
            is_event,
            is_held,
            visible_at: Duration::ZERO,
            group,
        });
        if !is_held && inbox.is_free() {
            self.open.awaited.insert(instance);
            self.offer(instance, now.elapsed);
        }
    }
}

/// Of what makes two starts the same request.
pub(crate) fn digest_of(start: &Start) -> u128 {
    let mut request = Vec::with_capacity(start.name.len().saturating_add(start.input.len()));
    request.extend_from_slice(start.name.as_bytes());
    // No name contains it.
    request.push(0);
    request.extend_from_slice(start.input.as_bytes());
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &request).as_u128()
}
