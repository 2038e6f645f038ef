-- Which events the numbers of a delivery queue were (store/delivery.h).
-- incoming: chain = over the events taken. outgoing: the queue's numbers start
-- after `base`, whose chain the child told.
ALTER TABLE delivery_acks ADD COLUMN base INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery_acks ADD COLUMN chain BLOB NOT NULL
    DEFAULT x'00000000000000000000000000000000';
