"""Names of link types that tools write, without the ``LINKTYPE_`` of the registry.

Packets of most of these are kept, shown and saved, but not taken apart.
"""

from __future__ import annotations

from typing import Final

_NAMES: Final = {
    0: "NULL",
    1: "ETHERNET",
    6: "IEEE802_5",
    7: "ARCNET_BSD",
    8: "SLIP",
    9: "PPP",
    10: "FDDI",
    50: "PPP_HDLC",
    51: "PPP_ETHER",
    100: "ATM_RFC1483",
    101: "RAW",
    104: "C_HDLC",
    105: "IEEE802_11",
    107: "FRELAY",
    108: "LOOP",
    113: "LINUX_SLL",
    114: "LTALK",
    117: "PFLOG",
    119: "IEEE802_11_PRISM",
    122: "IP_OVER_FC",
    127: "IEEE802_11_RADIOTAP",
    129: "ARCNET_LINUX",
    138: "APPLE_IP_OVER_IEEE1394",
    144: "LINUX_IRDA",
    163: "IEEE802_11_AVS",
    165: "BACNET_MS_TP",
    166: "PPP_PPPD",
    169: "GPRS_LLC",
    177: "LINUX_LAPD",
    187: "BLUETOOTH_HCI_H4",
    189: "USB_LINUX",
    192: "PPI",
    195: "IEEE802_15_4_WITHFCS",
    201: "BLUETOOTH_HCI_H4_WITH_PHDR",
    203: "LAPD",
    204: "PPP_WITH_DIR",
    206: "FRELAY_WITH_DIR",
    220: "USB_LINUX_MMAPPED",
    224: "FC_2",
    226: "IPNET",
    227: "CAN_SOCKETCAN",
    228: "IPV4",
    229: "IPV6",
    230: "IEEE802_15_4_NOFCS",
    231: "DBUS",
    239: "NFLOG",
    240: "NETANALYZER",
    242: "IPOIB",
    247: "INFINIBAND",
    248: "SCTP",
    249: "USBPCAP",
    251: "BLUETOOTH_LE_LL",
    252: "WIRESHARK_UPPER_PDU",
    253: "NETLINK",
    254: "BLUETOOTH_LINUX_MONITOR",
    256: "BLUETOOTH_LE_LL_WITH_PHDR",
    266: "USB_DARWIN",
    271: "VSOCK",
    272: "NORDIC_BLE",
    276: "LINUX_SLL2",
    283: "IEEE802_15_4_TAP",
    288: "USB_2_0",
    290: "ETHERNET_MPACKET",
}
_FIRST_OF_USERS, _LAST_OF_USERS = 147, 162
"""Sixteen that everybody may use for what is not to be known elsewhere."""


def told(linktype: int) -> str:
    """A link type in words: its number, and its name where that is known."""
    name = _NAMES.get(linktype, "")
    if _FIRST_OF_USERS <= linktype <= _LAST_OF_USERS:
        name = f"USER{linktype - _FIRST_OF_USERS}"
    return f"{linktype} {name}".rstrip()
