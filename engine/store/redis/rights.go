package redis

// Rights are what a user of Redis's needs for flyball (ACL SETUSER), with the prefix flyball: its keys, and these commands.
// CONFIG GET is to say what of the server's settings puts at risk what is kept, and can be left out. In a Cluster there are
// also +cluster|slots and +command; one who is only to read needs none but +get +hget +hmget +hgetall +smembers +scard +xrange
// +xrevrange +zcard +zrange +zrangebyscore +eval +multi +exec +client|setname.
const Rights = "~{flyball}:* -@all +eval +evalsha +multi +exec +time +client|setname +get +set +exists +del +unlink +rename +pexpire " +
	"+hget +hmget +hgetall +hkeys +hstrlen +hexists +hset +hsetnx +hincrby +hdel +sadd +srem +smembers +scard " +
	"+xadd +xrange +xrevrange +xtrim +zadd +zrem +zcard +zrange +zrangebyscore +config|get"
