//! Templates for ZIA's feeds and Cloud Connector's: JSON with our marker, every value quoted, free text in base64 where the vendor has
//! such a token and as `%HH` elsewhere, and `epochtime`, which needs no zone.

use fanlight_model::Feed;

/// A template of the NSS: braces are escaped, and `\n` is its newline. Each key is its token's name.
macro_rules! nss {
    ($marker:literal; $($kind:literal: $($token:ident)*;)*) => {
        concat!("\\{\"fl\":\"", $marker, "\"", $($(",\"", stringify!($token), "\":\"%", $kind, "{", stringify!($token), "}\"",)*)* "\\}\\n")
    };
}

pub(super) const fn template(feed: Feed) -> Option<&'static str> {
    Some(match feed {
        Feed::ZiaWeb => WEB,
        Feed::ZiaFirewall => FIREWALL,
        Feed::ZiaDns => DNS,
        Feed::ZiaTunnel => TUNNEL,
        Feed::ZiaAudit => AUDIT,
        Feed::ZiaSaasSecurity => SAAS,
        Feed::ZiaEndpointDlp => ENDPOINT_DLP,
        Feed::ZiaEmailDlp => EMAIL_DLP,
        Feed::CloudConnectorSession => SESSION,
        Feed::CloudConnectorDns => CONNECTOR_DNS,
        Feed::CloudConnectorEvent => EVENT,
        _ => return None,
    })
}

const WEB: &str = nss!("zia.web/1";
    "d": epochtime;
    "s": tz elogin edepartment cloudname action reason ruletype b64rulelabel b64urlfilterrulelabel b64apprulelabel b64urlcat
        urlsupercat urlclass appname appclass app_risk_score app_status activity reqmethod reqversion respcode;
    "d": reqsize respsize totalsize;
    "s": b64host b64url b64referer b64ua contenttype cip cintip cpubip;
    "d": clt_sport;
    "s": sip;
    "d": srv_dport;
    "s": proto trafficredirectmethod b64location b64userlocationname srcip_country dstip_country ssldecrypted externalspr
        cltsslfailreason;
    "d": riskscore;
    "s": threatseverity b64threatname malwarecat malwareclass dlpdict dlpeng;
    "d": dlpidentifier;
    "s": fileclass filetype bwthrottle bwclassname bwrulename;
    "d": throttlereqsize throttlerespsize;
    "s": b64rdr_rulename fwd_type b64fwd_gw_name fwd_gw_ip b64zpa_app_seg_name datacenter datacentercity datacentercountry
        edevicehostname edevicename devicetype deviceostype deviceosversion deviceowner deviceappversion ztunnelversion
        external_devid;
    "d": bypassed_traffic;
    "s": flow_type;
    "d": recordid;
);

const FIREWALL: &str = nss!("zia.fw/1";
    "d": epochtime;
    "s": tz csip;
    "d": csport;
    "s": cdip;
    "d": cdport;
    "s": cdfqdn tsip;
    "d": tsport;
    "s": ttype ssip;
    "d": ssport;
    "s": sdip;
    "d": sdport;
    "s": b64location aggregate srcip_country destcountry ipcat ipproto nwsvc nwapp stateful action b64rulelabel dnat
        dnatrulelabel ipsrulelabel threatcat ethreatname threat_severity;
    "ld": inbytes outbytes;
    "d": duration durationms avgduration numsessions;
    "s": elogin edepartment edevicehostname edevicename deviceostype deviceowner external_deviceid ztunnelversion;
    "d": bypassed_session;
    "s": flow_type datacenter datacentercity datacentercountry b64rdr_rulename b64fwd_gw_name b64zpa_app_seg_name;
    "d": recordid;
);

const DNS: &str = nss!("zia.dns/1";
    "d": epochtime;
    "s": tz elogin edepartment b64location reqaction resaction ereqrulelabel eresrulelabel req reqtype res restype error
        domcat respipcat;
    "d": durationms;
    "s": cip sip;
    "d": sport istcp;
    "s": protocol http_code dnsapp dnsappcat ecs_slot dnsgw_slot dnsgw_flags edevicehostname edevicename devicetype
        deviceowner datacenter datacentercity datacentercountry;
    "d": recordid;
);

// The four kinds of record share one template: a token that a kind lacks renders as nothing.
const TUNNEL: &str = nss!("zia.tunnel/1";
    "d": epochtime;
    "s": tz tunnelactionname tunneltype vpncredentialname elocation sourceip destvip;
    "d": srcport dstport;
    "s": event eventreason;
    "lu": txbytes rxbytes;
    "d": txpackets rxpackets dpdrec ikeversion lifetime lifebytes;
    "s": spi_in spi_out spi algo authentication authtype protocol tunnelprotocol policydirection;
    "d": recordid;
);

const AUDIT: &str = nss!("zia.audit/1";
    "d": epochtime;
    "s": tz;
    "d": recordid;
    "s": action category subcategory resource interface adminid clientip result errorcode auditlogtype epreaction
        epostaction;
);

const SAAS: &str = nss!("zia.saas/1";
    "d": epochtime;
    "s": tz;
    "d": recordid;
    "s": applicationname tenant user owner department policy rulelabel ruletype severity;
    "d": dlpidentifier;
    "s": dlpdictnames dlpdictcount dlpenginenames malware malwareclass threatname filename filemd5;
    "d": filesize;
    "s": collabscope extownername datacenter;
);

const ENDPOINT_DLP: &str = nss!("zia.edlp/1";
    "d": epochtime;
    "s": tz time rtime eventtime;
    "d": recordid;
    "s": user department actiontaken expectedaction confirmaction zdpmode activitytype channel srctype dsttype itemname
        itemtype filetypename filemd5 filesha dlpdictnames dlpcounts dlpengnames;
    "d": dlpidentifier;
    "s": triggeredrulelabel otherrulelabels severity devicehostname devicename deviceowner datacenter;
);

const EMAIL_DLP: &str = nss!("zia.maildlp/1";
    "d": epochmailsenttime;
    "s": mailsenttime tz;
    "d": recordid;
    "s": sender recipients messageid actiontaken rulelabel severity dlpdictnames dlpcounts dlpengnames;
    "d": dlpidentifier;
    "s": attachments attachmenttypes department;
);

const SESSION: &str = nss!("cc.session/1";
    "d": epochtime;
    "s": tz eventtime clt_src_ip;
    "d": clt_src_port;
    "s": clt_dst_ip;
    "d": clt_dst_port;
    "s": clt_dst_name srv_src_ip;
    "d": srv_src_port;
    "s": srv_dst_ip;
    "d": srv_dst_port;
    "s": zia_src_ip;
    "d": zia_src_port;
    "s": gw_name gw_dst_ip;
    "d": gw_dst_port;
    "s": fwdtypename rdrrulename traffic_type nw_service clt_nw_protocol srv_nw_protocol zpa_appseg;
    "ld": session_duration;
    "d": num_sess num_aggr_sess;
    "s": aggrname;
    "ld": clt_tx_bytes clt_rx_bytes;
    "s": name vm_name group_name region_name location platform_name account_id;
    "d": recordid;
);

const CONNECTOR_DNS: &str = nss!("cc.dns/1";
    "d": epochtime;
    "s": tz eventtime clt_ip dom_str req_type req_action res_action req_rulename res_rulename;
    "d": req_duration;
    "s": res_type resp_val_str;
    "d": num_resp;
    "s": dns_err resolver;
    "d": srv_port;
    "s": protocol dnsgw_flags;
    "d": inbytes outbytes;
    "s": name vm_name group_name region_name location platform_name account_id;
    "d": recordid;
);

const EVENT: &str = nss!("cc.event/1";
    "d": epochtime;
    "s": tz time rtime event_name category severity name vm_name group_name connector_type platform_name region_name
        location attr1_name attr1_val attr2_name attr2_val error_code account_id;
    "d": recordid;
);
