#!/bin/sh
# make.sh - made clock.webm and clock.mp4: twenty seconds that say which second they are, so that
# everybody sees where a jump leads.  Needs ffmpeg and a font.
set -eu
cd "$(dirname "$0")"
font=${FONT:-/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf}
picture="drawtext=fontfile=$font:text='%{eif\\:floor(t)\\:d}':fontcolor=0xe9b483:fontsize=120:x=(w-text_w)/2:y=(h-text_h)/2-12"
bar="drawbox=x=32:y=184:w=320:h=6:color=0x443c33:t=fill"
film() {
    ffmpeg -v error -y -f lavfi -i "color=0x1d1a17:s=384x216:r=10:d=20" \
        -f lavfi -i "color=0xe9b483:s=320x6:r=10:d=20" \
        -filter_complex "[0]$bar,${picture}[a];[a][1]overlay=x='32-320+320*t/20':y=184[b];[b]drawbox=x=0:y=184:w=32:h=6:color=0x1d1a17:t=fill[v]" \
        -map '[v]' -map_metadata -1 -fflags +bitexact -flags:v +bitexact "$@"
}
film -c:v libvpx-vp9 -b:v 0 -crf 38 -g 20 -row-mt 0 -deadline good clock.webm
film -c:v libx264 -pix_fmt yuv420p -crf 28 -g 20 -preset veryslow -movflags +faststart clock.mp4
