//! What lies in a queue: items to send, and marks of how far they were sent.

use bytes::{BufMut, Bytes, BytesMut};
use fanlight_log::{Frame, Position};
use fanlight_model::Timestamp;

/// An item: where it came from in the main log, how many spans it has, its OTLP request.
const ITEM: u8 = 16;
/// A mark: up to where in this queue everything was sent, and the main log's position at that time.
const SENT: u8 = 17;

const ITEM_HEAD_BYTES: usize = 24;

/// One OTLP request that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Where the frame that it was made from ends in the main log.
    pub(crate) main: Position,
    pub(crate) spans: u64,
    pub(crate) bytes: Bytes,
}

/// What a frame of a queue says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record {
    Item(Item),
    Sent {
        /// The end of the last item that was sent, in this queue.
        queue: Position,
        /// The main log's position of the last item that was enqueued before the mark.
        main: Position,
    },
}

pub(crate) fn item_frame(item: &Item, arrival: Timestamp) -> Frame {
    let mut bytes = BytesMut::with_capacity(ITEM_HEAD_BYTES + item.bytes.len());
    for number in [item.main.file, item.main.offset, item.spans] {
        bytes.put_u64_le(number);
    }
    bytes.put_slice(&item.bytes);
    Frame { kind: ITEM, arrival, source_id: 0, encoding: 0, bytes: bytes.freeze() }
}

pub(crate) fn sent_frame(queue: Position, main: Position, arrival: Timestamp) -> Frame {
    let mut bytes = BytesMut::with_capacity(32);
    for number in [queue.file, queue.offset, main.file, main.offset] {
        bytes.put_u64_le(number);
    }
    Frame { kind: SENT, arrival, source_id: 0, encoding: 0, bytes: bytes.freeze() }
}

/// Reads a frame; `None` for one of a kind or form that this version does not know.
pub(crate) fn read(frame: &Frame) -> Option<Record> {
    let position =
        |at: usize| Some(Position { file: number(&frame.bytes, at)?, offset: number(&frame.bytes, at + 8)? });
    match frame.kind {
        ITEM => {
            let (main, spans) = (position(0)?, number(&frame.bytes, 16)?);
            Some(Record::Item(Item { main, spans, bytes: frame.bytes.slice(ITEM_HEAD_BYTES..) }))
        }
        SENT => Some(Record::Sent { queue: position(0)?, main: position(16)? }),
        _ => None,
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|eight| u64::from_le_bytes(*eight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_and_marks_are_read_as_written() {
        let main = Position { file: 3, offset: 77 };
        let item = Item { main, spans: 5, bytes: Bytes::from_static(b"otlp") };
        assert_eq!(read(&item_frame(&item, Timestamp::default())), Some(Record::Item(item)));
        let queue = Position { file: 1, offset: 9 };
        assert_eq!(read(&sent_frame(queue, main, Timestamp::default())), Some(Record::Sent { queue, main }));
        let short = Frame { kind: ITEM, bytes: Bytes::from_static(b"short"), ..Frame::default() };
        assert_eq!(read(&short), None);
        assert_eq!(read(&Frame { kind: 200, ..Frame::default() }), None);
    }
}
